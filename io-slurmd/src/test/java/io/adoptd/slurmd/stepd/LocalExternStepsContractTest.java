package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.port.ExternStepsContractTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class LocalExternStepsContractTest extends ExternStepsContractTest {

    private TestNode node;

    @BeforeEach
    void open(@TempDir Path dir) throws IOException {
        node = new TestNode(dir);
        node.warmUp();
    }

    @AfterEach
    void close() throws IOException {
        node.close();
    }

    @Override
    protected void run(long job, Uid owner) throws IOException {
        node.run(FakeStepd.like(0x2A00, owner.value(), node.socket(job)));
    }

    @Override
    protected void runSilent(long job) throws IOException {
        node.run(FakeStepd.silent(node.socket(job)));
    }

    @Override
    protected void leaveStale(long job) throws IOException {
        node.run(FakeStepd.silent(node.socket(job))).die();
    }

    @Override
    protected void loseSpool() throws IOException {
        Files.delete(node.spool());
    }

    @Override
    protected ExternSteps steps() {
        return new LocalExternSteps(node.stepds());
    }
}
