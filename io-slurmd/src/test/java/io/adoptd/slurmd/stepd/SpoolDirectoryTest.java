package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.conf.NodeFaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpoolDirectoryTest {

    @TempDir
    private Path dir = Path.of("");

    private final List<FakeStepd> stepds = new ArrayList<>();

    @AfterEach
    void closeAll() throws IOException {
        for (FakeStepd stepd : stepds) {
            stepd.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "c1, c1_7.4294967292, 7,",
        "c1, c1_1.4294967292, 1,",
        "c1, c1_4294967279.4294967292, 4294967279,",
        "c1, c1_7.4294967292.0, 7, 0",
        "c1, c1_7.4294967292.12, 7, 12",
        "c.1, c.1_7.4294967292, 7,",
        "c_1, c_1_7.4294967292, 7,",
    })
    void thisIsTheSocketOfAnExternStep(String node, String file, long job, @Nullable Long het) throws Exception {
        socket(file);
        assertThat(list(node))
                .singleElement()
                .satisfies(socket -> assertThat(socket.path()).isEqualTo(dir.resolve(file)))
                .satisfies(socket -> assertThat(socket.job()).isEqualTo(new JobId(job)))
                .satisfies(socket -> assertThat(socket.hetComponent()).isEqualTo(het));
    }

    @ParameterizedTest
    @CsvSource({
        // Another step: batch, interactive, pending, 0, none.
        "c1, c1_7.4294967291",
        "c1, c1_7.4294967290",
        "c1, c1_7.4294967293",
        "c1, c1_7.0",
        "c1, c1_7.",
        "c1, c1_7",
        // Another node, among them those that an unescaped or unanchored name would match.
        "c1, c2_7.4294967292",
        "c.1, cx1_7.4294967292",
        "c1, xc1_7.4294967292",
        "c1, c1_c1_7.4294967292",
        "c1, C1_7.4294967292",
        "c1, c11_7.4294967292",
        // No job.
        "c1, c1_.4294967292",
        "c1, c1_0.4294967292",
        "c1, c1_4294967280.4294967292",
        "c1, c1_99999999999.4294967292",
        // Not as Slurm writes it.
        "c1, c1_07.4294967292",
        "c1, c1_-7.4294967292",
        "c1, c1_7.04294967292",
        "c1, c1_7.4294967292.",
        "c1, c1_7.4294967292.01",
        "c1, c1_7.4294967292.4294967296",
        "c1, c1_7.4294967292.1.1",
        "c1, c1_7.4294967292x",
        "c1, c1_7x4294967292",
        "c1, c1_٧.4294967292"
    })
    void thisIsNot(String node, String file) throws Exception {
        socket(file);
        assertThat(list(node)).isEmpty();
    }

    @Test
    void onlySocketsAreListed() throws Exception {
        Files.createFile(dir.resolve("c1_1.4294967292"));
        Files.createDirectory(dir.resolve("c1_2.4294967292"));
        socket("elsewhere");
        Files.createSymbolicLink(dir.resolve("c1_3.4294967292"), dir.resolve("elsewhere"));
        socket("c1_4.4294967292");
        assertThat(list("c1")).extracting(StepSocket::job).containsExactly(new JobId(4));
    }

    @Test
    void aSocketIsBornWhenItIsMadeAndNotWhenItIsTouched() throws Exception {
        Instant before = Instant.now().minusSeconds(1);
        socket("c1_4.4294967292");
        Instant born = list("c1").get(0).born();
        assertThat(born).isBetween(before, Instant.now().plusSeconds(1));
    }

    @Test
    void aMissingDirectoryIsAFault() {
        assertThatFault(dir.resolve("missing")).isEqualTo("spool directory " + dir + "/missing: no such directory");
    }

    @Test
    void whatIsNoDirectoryIsAFault() throws Exception {
        assertThatFault(Files.createFile(dir.resolve("file"))).contains("NotDirectoryException");
    }

    @Test
    void aDirectoryWithTooManyEntriesIsAFault() throws Exception {
        socket("c1_7.4294967292");
        Files.createFile(dir.resolve("a"));
        Files.createFile(dir.resolve("b"));
        var spool = new SpoolDirectory(dir, new NodeName("c1"));
        assertThat(spool.externSockets(3)).hasSize(1);
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> spool.externSockets(2))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.SPOOL_UNREADABLE))
                .satisfies(e -> assertThat(e.why()).endsWith("more than 2 entries"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c1_7.4294967292", "c1_7.4294967292.3"})
    void theSocketOfAStepIsWhereItWasFound(String file) throws Exception {
        socket(file);
        StepSocket found = list("c1").get(0);
        var node = new NodeName("c1");
        var step = new ExternStep(
                node, found.job(), found.hetComponent(), new Uid(1), new StepBegin(0, Instant.EPOCH), null);
        assertThat(new SpoolDirectory(dir, node).socketOf(step)).isEqualTo(found.path());
    }

    private List<StepSocket> list(String node) throws NodeFaultException {
        return new SpoolDirectory(dir, new NodeName(node)).externSockets();
    }

    private static AbstractStringAssert<?> assertThatFault(Path path) {
        try {
            new SpoolDirectory(path, new NodeName("c1")).externSockets();
        } catch (NodeFaultException e) {
            assertThat(e.reason()).isEqualTo(Reason.SPOOL_UNREADABLE);
            return assertThat(e.why());
        }
        throw new AssertionError("no fault");
    }

    private void socket(String file) throws IOException {
        stepds.add(FakeStepd.silent(dir.resolve(file)));
    }
}
