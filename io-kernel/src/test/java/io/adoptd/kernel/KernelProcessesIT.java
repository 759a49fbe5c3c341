package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adoptd.kernel.limits.Bound;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import io.adoptd.kernel.limits.ResourceLimits;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.port.ProcessesContractTest;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** The port's contract against this kernel. */
class KernelProcessesIT extends ProcessesContractTest {

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    private final List<Child> children = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        processes = KernelProcesses.ofThisHost();
    }

    @AfterEach
    void end() {
        children.forEach(Child::end);
        processes.close();
    }

    @Override
    protected Processes processes() {
        return processes;
    }

    @Override
    protected LoginProcess living() throws Exception {
        Child child = Child.sleeping();
        children.add(child);
        return process(child);
    }

    @Override
    protected LoginProcess ended() throws Exception {
        try (Child child = Child.sleeping()) {
            return process(child);
        }
    }

    private LoginProcess process(Child child) throws Exception {
        return new LoginProcess(child.pid(), processes.startTicks(child.pid()).orElseThrow());
    }

    @Test
    void remainsAreGone() throws Exception {
        Child parent = Child.start("sh", "-c", "sleep 0.1 & echo $!; exec sleep 600");
        children.add(parent);
        int pid = Integer.parseInt(parent.process().inputReader().readLine());
        await().until(() -> processes.startTicks(pid).isEmpty());
        var zombie =
                new LoginProcess(pid, new Proc("/proc").stat(pid).orElseThrow().startTicks());
        assertThat(Samples.answerOf(processes.isStill(zombie))).isFalse();
        assertThat(Samples.answerOf(processes.membership(zombie, Samples.step(7, 1), inTime())))
                .isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void aClosedReaderPlacesNobody() throws Exception {
        LoginProcess living = living();
        processes.close();
        assertThat(Samples.answerOf(processes.membership(living, Samples.step(7, 1), inTime())))
                .isEqualTo(new Membership.Unreadable("too many processes to be read at once"));
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        LoginProcess living = living();
        LoginProcess ended = ended();
        Descriptors.assertNoneLeftBy(() -> {
            Samples.answerOf(processes.membership(living, Samples.step(7, 1), inTime()));
            Samples.answerOf(processes.isStill(ended));
        });
    }

    // Environment

    @Test
    void theEnvironmentIsTheOneThatTheProcessWasStartedWith() throws Exception {
        Child child = started("env", "-i", "SLURM_JOB_ID=7", "B=x y", "sh", "-c", "B=other; echo on; read line");
        assertThat(Samples.answerOf(processes.environment(child.pid(), own(), inTime())))
                .isEqualTo(new EnvironmentAnswer.Told(List.of("SLURM_JOB_ID=7", "B=x y")));
        assertThat(Samples.answerOf(processes.environment(child.pid(), new Uid(own().value() + 1), inTime())))
                .isInstanceOf(EnvironmentAnswer.Untold.class);
        child.end();
        assertThat(Samples.answerOf(processes.environment(child.pid(), own(), inTime())))
                .isEqualTo(new EnvironmentAnswer.Untold("pid " + child.pid() + " has ended"));
    }

    @Test
    void anotherUsersEnvironmentIsToldToRoot() throws Exception {
        assumeTrue(own().value() == 0, "only root may read it");
        Child child = started(
                "setpriv", "--reuid=1", "--regid=1", "--clear-groups", "env", "-i", "A=1", "sh", "-c", "echo; read x");
        assertThat(Samples.answerOf(processes.environment(child.pid(), new Uid(1), inTime())))
                .isEqualTo(new EnvironmentAnswer.Told(List.of("A=1")));
    }

    // Limits

    @Test
    void limitsAreCopiedAndNoOthers() throws Exception {
        Child from = started("sh", "-c", "ulimit -S -n 333; ulimit -c 0; ulimit -l 16; echo; read x");
        Child to = started("sh", "-c", "ulimit -S -n 100; ulimit -S -c 0; echo; read x");
        Limit core = ResourceLimits.get(to.pid(), Resource.CORE);
        LimitsAnswer answer = Samples.answerOf(processes.copyLimits(
                from.pid(), own(), process(to), Set.of(Resource.NOFILE, Resource.MEMLOCK), inTime()));
        assertThat(answer.unset()).isEmpty();
        assertThat(answer.set().keySet()).containsExactly(Resource.NOFILE, Resource.MEMLOCK);
        for (Resource resource : List.of(Resource.NOFILE, Resource.MEMLOCK)) {
            Limit limit = ResourceLimits.get(from.pid(), resource);
            assertThat(answer.set()).containsEntry(resource, limit);
            assertThat(ResourceLimits.get(to.pid(), resource)).isEqualTo(limit);
        }
        assertThat(ResourceLimits.get(to.pid(), Resource.NOFILE).soft()).isEqualTo(Bound.atMost(333));
        assertThat(ResourceLimits.get(to.pid(), Resource.MEMLOCK))
                .isEqualTo(new Limit(Bound.atMost(16 * 1_024), Bound.atMost(16 * 1_024)));
        assertThat(ResourceLimits.get(to.pid(), Resource.CORE)).isEqualTo(core);
    }

    @Test
    void whatSshdCouldNotLiveWithIsNotCopied() throws Exception {
        Child from = started("sh", "-c", "ulimit -n 20; ulimit -c 0; echo; read x");
        Child to = started("sh", "-c", "echo; read x");
        Limit before = ResourceLimits.get(to.pid(), Resource.NOFILE);
        LimitsAnswer answer = Samples.answerOf(
                processes.copyLimits(from.pid(), own(), process(to), Set.of(Resource.NOFILE, Resource.CORE), inTime()));
        assertThat(answer.set().keySet()).containsExactly(Resource.CORE);
        assertThat(answer.unset()).containsOnly(Map.entry(Resource.NOFILE, "below 64, which sshd needs itself"));
        assertThat(ResourceLimits.get(to.pid(), Resource.NOFILE)).isEqualTo(before);
    }

    @Test
    void anotherProcessOfItsPidIsGivenNothing() throws Exception {
        Child from = started("sh", "-c", "ulimit -S -n 333; echo; read x");
        Child to = started("sh", "-c", "ulimit -S -n 100; echo; read x");
        var recycled = new LoginProcess(to.pid(), process(to).startTicks() - 1);
        LimitsAnswer answer =
                Samples.answerOf(processes.copyLimits(from.pid(), own(), recycled, Set.of(Resource.NOFILE), inTime()));
        assertThat(answer.set()).isEmpty();
        assertThat(answer.unset()).containsOnly(Map.entry(Resource.NOFILE, "the session has ended"));
        assertThat(ResourceLimits.get(to.pid(), Resource.NOFILE).soft()).isEqualTo(Bound.atMost(100));
    }

    @Test
    void anotherUsersLimitsAreCopied() throws Exception {
        assumeTrue(own().value() == 0, "only root has processes of others");
        Child from = started(
                "setpriv", "--reuid=1", "--regid=1", "--clear-groups", "sh", "-c", "ulimit -n 333; echo; read x");
        Child to = started("sh", "-c", "echo; read x");
        LimitsAnswer answer = Samples.answerOf(
                processes.copyLimits(from.pid(), new Uid(1), process(to), Set.of(Resource.NOFILE), inTime()));
        var lower = new Limit(Bound.atMost(333), Bound.atMost(333));
        assertThat(answer.set()).containsOnly(Map.entry(Resource.NOFILE, lower));
        assertThat(ResourceLimits.get(to.pid(), Resource.NOFILE)).isEqualTo(lower);
    }

    @Test
    void aHardLimitIsRaisedWithThePowerToAndElseSaysWhy() throws Exception {
        Child from = started("sh", "-c", "echo; read x");
        Child to = started("sh", "-c", "ulimit -n 100; echo; read x");
        Limit higher = ResourceLimits.get(from.pid(), Resource.NOFILE);
        LimitsAnswer answer = Samples.answerOf(
                processes.copyLimits(from.pid(), own(), process(to), Set.of(Resource.NOFILE), inTime()));
        if (hasCapSysResource()) {
            assertThat(answer.set()).containsOnly(Map.entry(Resource.NOFILE, higher));
            assertThat(ResourceLimits.get(to.pid(), Resource.NOFILE)).isEqualTo(higher);
        } else {
            assertThat(answer.unset()).containsOnly(Map.entry(Resource.NOFILE, "prlimit " + to.pid() + ": EPERM"));
        }
    }

    private static boolean hasCapSysResource() throws IOException {
        String effective = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:"))
                .findFirst()
                .orElseThrow();
        return (Long.parseUnsignedLong(effective.substring(7).strip(), 16) & 1L << 24) != 0;
    }

    @Test
    void noDescriptorIsLeftByWhatIsLent() throws Exception {
        Child from = started("sh", "-c", "echo; read x");
        LoginProcess to = living();
        Descriptors.assertNoneLeftBy(() -> {
            Samples.answerOf(processes.environment(from.pid(), own(), inTime()));
            Samples.answerOf(processes.copyLimits(from.pid(), own(), to, Set.of(Resource.CORE), inTime()));
        });
    }

    /** Once it has said a line: then it is what it will be. */
    private Child started(String... command) throws Exception {
        Child child = Child.start(command);
        children.add(child);
        assertThat(child.process().inputReader().readLine()).isNotNull();
        return child;
    }

    private static Uid own() {
        return new Uid(OwnProcess.effectiveUid());
    }

    private static Deadline inTime() {
        return Deadline.in(Duration.ofSeconds(5), LoginClock.monotonic(Schedulers.parallel()));
    }
}
