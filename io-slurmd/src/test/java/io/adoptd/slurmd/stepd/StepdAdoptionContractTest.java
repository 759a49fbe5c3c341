package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.AdoptionContractTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class StepdAdoptionContractTest extends AdoptionContractTest {

    private TestNode node;
    private long jobs = 1; // which warmed up: its slurmstepd is known

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
    protected ExternStep step(Stepd stepd) throws IOException {
        long job = ++jobs;
        Path socket = node.socket(job);
        switch (stepd) {
            case ACCEPTS -> node.run(FakeStepd.like(0x2D00, 2001, socket));
            case REFUSES -> node.run(FakeStepd.talking(socket, line -> answer(line, -1)));
            case HANGS_UP ->
                node.run(FakeStepd.talking(socket, line -> {
                    line.greet(0x2D00);
                    line.tellsUid(2001);
                    line.request();
                }));
            case IS_SILENT -> node.run(FakeStepd.silent(socket));
            case TALKS_RUBBISH -> node.run(FakeStepd.talking(socket, line -> answer(line, 4711)));
            case IS_GONE -> {
                // No socket is what it leaves.
            }
        }
        return TestNode.step(job);
    }

    private static void answer(FakeStepd.Line line, int rc) throws IOException {
        line.greet(0x2D00);
        line.tellsUid(2001);
        line.request();
        line.hear();
        line.say(rc);
    }

    @Override
    protected Adoption adoption() {
        return new StepdAdoption(node.stepds());
    }
}
