package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.Descriptors;
import io.adoptd.kernel.libc.KernelException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Getting the text, from a directory that stands in for {@code /proc}. */
class ProcTest {

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private Proc proc;

    @BeforeEach
    void makeProcess() throws Exception {
        Files.createDirectory(root.resolve("7"));
        proc = new Proc(root.toString());
    }

    @Test
    void noDirectoryIsNoProcess() throws Exception {
        assertThat(proc.stat(8)).isEmpty();
        assertThat(proc.cgroup(8)).isEmpty();
    }

    @Test
    void aTextLongerThanAChunkIsReadWhole() throws Exception {
        String path = "/" + "x".repeat(3_000);
        Files.writeString(root.resolve("7/cgroup"), "3:cpu:" + path + "\n2:pids:" + path + "\n0::" + path + "\n");
        assertThat(proc.cgroup(7).orElseThrow().lines())
                .hasSize(3)
                .allSatisfy(line -> assertThat(line.path()).isEqualTo(path));
    }

    @Test
    void aTextWithoutEndIsGivenUp() throws Exception {
        Files.writeString(root.resolve("7/stat"), "7 (" + "x".repeat(5_000));
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> proc.stat(7))
                .withMessageStartingWith("7/stat: longer than 4096 bytes");
    }

    @Test
    void anEnvironmentIsReadWholeOrGivenUp() throws Exception {
        assertThat(proc.environ(8)).isEmpty();
        String longest = "A=" + "x".repeat(256 * 1_024 - 2);
        Files.writeString(root.resolve("7/environ"), longest);
        assertThat(proc.environ(7).orElseThrow().variables()).containsExactly(longest);
        Files.writeString(root.resolve("7/environ"), longest + "x");
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> proc.environ(7))
                .withMessageStartingWith("7/environ: longer than 262144 bytes");
    }

    @Test
    void aStatOfAnotherPidIsRefused() throws Exception {
        Files.writeString(root.resolve("7/stat"), "8 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0\n");
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> proc.stat(7))
                .withMessageStartingWith("stat: not of pid 7");
    }

    @Test
    void whatTheKernelRefusesIsNotAnAbsentProcess() throws Exception {
        Files.createDirectory(root.resolve("7/stat"));
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> proc.stat(7))
                .returns("EISDIR", KernelException::errnoName);
    }

    @Test
    void noFileIsLeftOpen() throws Exception {
        Files.writeString(root.resolve("7/cgroup"), "not a line\n");
        Files.createDirectory(root.resolve("7/stat"));
        Descriptors.assertNoneLeftBy(() -> {
            assertThatExceptionOfType(ProcException.class).isThrownBy(() -> proc.cgroup(7));
            assertThatExceptionOfType(KernelException.class).isThrownBy(() -> proc.stat(7));
        });
    }
}
