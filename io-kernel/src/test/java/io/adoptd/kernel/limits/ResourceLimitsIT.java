package io.adoptd.kernel.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.Child;
import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits of a child, read back from what the kernel prints of them. */
class ResourceLimitsIT {

    @SuppressWarnings("NullAway.Init")
    private Child child;

    @BeforeEach
    void start() throws Exception {
        child = Child.start("sh", "-c", "echo started; read line");
        // while it is still being loaded, a low limit would end it
        assertThat(child.process().inputReader().readLine()).isEqualTo("started");
    }

    @AfterEach
    void end() {
        child.end();
    }

    @ParameterizedTest
    @CsvSource({
        "CPU, Max cpu time",
        "FSIZE, Max file size",
        "DATA, Max data size",
        "STACK, Max stack size",
        "CORE, Max core file size",
        "RSS, Max resident set",
        "NPROC, Max processes",
        "NOFILE, Max open files",
        "MEMLOCK, Max locked memory",
        "AS, Max address space",
        "LOCKS, Max file locks",
        "SIGPENDING, Max pending signals",
        "MSGQUEUE, Max msgqueue size",
        "NICE, Max nice priority",
        "RTPRIO, Max realtime priority",
        "RTTIME, Max realtime timeout"
    })
    void aLimitIsSetWhereTheKernelShowsIt(Resource resource, String label) throws Exception {
        Limit before = ResourceLimits.get(child.pid(), resource);
        Limit lower = new Limit(Bound.atMost(7), Bound.atMost(11)); // low enough to need no privilege
        assertThat(shown(label)).startsWith(words(before));
        if (before.hard().<Boolean>fold(most -> most.value() < 11, none -> false)) {
            lower = new Limit(Bound.atMost(0), Bound.atMost(0));
        }
        assertThat(ResourceLimits.set(child.pid(), resource, lower)).isEqualTo(before);
        assertThat(ResourceLimits.get(child.pid(), resource)).isEqualTo(lower);
        assertThat(shown(label)).startsWith(words(lower));
    }

    private String shown(String label) throws Exception {
        List<String> lines = Files.readAllLines(Path.of("/proc/" + child.pid() + "/limits"));
        String line = lines.stream()
                .filter(each -> each.startsWith(label))
                .findFirst()
                .orElseThrow();
        return line.substring(label.length()).strip().replaceAll(" +", " ");
    }

    private static String words(Limit limit) {
        return word(limit.soft()) + " " + word(limit.hard());
    }

    private static String word(Bound bound) {
        return bound.fold(most -> Long.toString(most.value()), none -> "unlimited");
    }

    @Test
    void unlimitedIsSetAndReadAsSuch() throws Exception {
        Limit hard = ResourceLimits.get(child.pid(), Resource.CPU);
        assertThat(hard.hard()).isEqualTo(Bound.unlimited());
        Limit softened = new Limit(Bound.atMost(1_000), Bound.unlimited());
        ResourceLimits.set(child.pid(), Resource.CPU, softened);
        assertThat(ResourceLimits.set(child.pid(), Resource.CPU, new Limit(Bound.unlimited(), Bound.unlimited())))
                .isEqualTo(softened);
        assertThat(shown("Max cpu time")).startsWith("unlimited unlimited");
    }

    @Test
    void aSoftBoundAboveTheHardOneIsRefused() {
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() ->
                        ResourceLimits.set(child.pid(), Resource.CORE, new Limit(Bound.unlimited(), Bound.atMost(1))))
                .returns(Errno.EINVAL, KernelException::errno);
    }

    @Test
    void nobodyHasNoLimits() throws Exception {
        child.end();
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> ResourceLimits.get(child.pid(), Resource.AS))
                .withMessage("prlimit " + child.pid() + ": ESRCH");
    }
}
