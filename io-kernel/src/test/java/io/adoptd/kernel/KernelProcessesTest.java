package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.kernel.limits.Resource;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;

/** The answers to what {@code /proc} may say, from a directory that stands in for it. */
class KernelProcessesTest {

    private static final LoginProcess SSHD = new LoginProcess(4242, 7);
    private static final ExternStep STEP = Samples.step(4, 1);

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    @BeforeEach
    void open() throws IOException {
        processes = new KernelProcesses(new Proc(root.toString()));
        Files.createDirectory(root.resolve("1"));
        Files.createDirectory(root.resolve("4242"));
        say("1/cgroup", "6:freezer:/\n0::/init.scope\n");
        say("4242/cgroup", "6:freezer:/slurm/uid_2001/job_4/step_extern\n0::/\n");
        say("4242/stat", stat('S', 7));
    }

    @AfterEach
    void close() {
        processes.close();
    }

    private void say(String file, String text) throws IOException {
        Files.writeString(root.resolve(file), text);
    }

    private static String stat(char state, long startTicks) {
        return "4242 (sshd) " + state + " 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 " + startTicks + " 0 0\n";
    }

    private boolean isStill() {
        return Samples.answerOf(processes.isStill(SSHD));
    }

    private Membership membership() {
        return Samples.answerOf(processes.membership(SSHD, STEP, inTime()));
    }

    private static Deadline inTime() {
        return Deadline.in(Duration.ofSeconds(5), LoginClock.monotonic(Schedulers.parallel()));
    }

    @Test
    void theProcessInTheStep() throws Exception {
        assertThat(isStill()).isTrue();
        assertThat(membership()).isEqualTo(new Membership.InStep());
        assertThat(processes.startTicks(4242)).hasValue(7);
    }

    @Test
    void anotherProcessInTheStepIsNotTheOne() throws Exception {
        say("4242/stat", stat('S', 8));
        assertThat(isStill()).isFalse();
        assertThat(membership()).isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void itsRemainsInTheStepAreNotTheOne() throws Exception {
        say("4242/stat", stat('Z', 7));
        assertThat(isStill()).isFalse();
        assertThat(membership()).isEqualTo(new Membership.ProcessGone());
        assertThat(processes.startTicks(4242)).isEmpty();
    }

    @Test
    void elsewhereNamesTheLine() throws Exception {
        say("4242/cgroup", "6:freezer:/slurm/uid_2001/job_5/step_extern\n0::/\n");
        assertThat(membership()).isEqualTo(new Membership.Elsewhere("6:freezer:/slurm/uid_2001/job_5/step_extern"));
    }

    @Test
    void noStatIsNoProcess() throws Exception {
        Files.delete(root.resolve("4242/stat"));
        assertThat(isStill()).isFalse();
        assertThat(membership()).isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void anUnreadableStatIsNeitherStillNorGone() throws Exception {
        say("4242/stat", "4242 (sshd\n");
        assertThat(isStill()).isFalse();
        assertThat(membership()).isEqualTo(new Membership.Unreadable("stat: not pid (comm) fields: \"4242 (sshd\n\""));
    }

    @Test
    void anUnreadableCgroupIsSaid() throws Exception {
        say("4242/cgroup", "6\n");
        assertThat(membership()).isEqualTo(new Membership.Unreadable("cgroup: not hierarchy:controllers:/path: \"6\""));
    }

    @Test
    void aKernelWithoutCgroupsIsUnreadableAndNotGone() throws Exception {
        Files.delete(root.resolve("4242/cgroup"));
        assertThat(membership()).isEqualTo(new Membership.Unreadable("no cgroup in /proc/4242"));
    }

    @Test
    void withoutInitNoPlaceIsKnown() throws Exception {
        Files.delete(root.resolve("1/cgroup"));
        assertThat(membership()).isEqualTo(new Membership.Unreadable("no cgroup in /proc/1"));
    }

    @Test
    void aRefusedReadIsSaid() throws Exception {
        Files.delete(root.resolve("4242/cgroup"));
        Files.createDirectory(root.resolve("4242/cgroup"));
        assertThat(membership()).isEqualTo(new Membership.Unreadable("read: EISDIR"));
    }

    // Environment

    private static final Uid ALICE = new Uid(2001);

    private EnvironmentAnswer environment() {
        return Samples.answerOf(processes.environment(4242, ALICE, inTime()));
    }

    @Test
    void theEnvironmentOfTheUsersProcessIsTold() throws Exception {
        say("4242/status", "Uid:\t2001\t0\t0\t0\n");
        say("4242/environ", "A=1\0B=2\0");
        assertThat(environment()).isEqualTo(new EnvironmentAnswer.Told(List.of("A=1", "B=2")));
    }

    @Test
    void anothersEnvironmentIsNotRead() throws Exception {
        say("4242/status", "Uid:\t2002\t2001\t2001\t2001\n");
        Files.createDirectory(root.resolve("4242/environ"));
        assertThat(environment()).isEqualTo(new EnvironmentAnswer.Untold("pid 4242 has ended, or is not uid 2001's"));
    }

    @Test
    void nobodysEnvironmentIsUntold() throws Exception {
        say("4242/stat", stat('Z', 7));
        assertThat(environment()).isEqualTo(new EnvironmentAnswer.Untold("pid 4242 has ended"));
        Files.delete(root.resolve("4242/stat"));
        assertThat(environment()).isEqualTo(new EnvironmentAnswer.Untold("pid 4242 has ended"));
    }

    @Test
    void anUnreadableEnvironmentSaysWhy() throws Exception {
        say("4242/status", "Uid:\t2001\t2001\t2001\t2001\n");
        Files.createDirectory(root.resolve("4242/environ"));
        assertThat(environment()).isEqualTo(new EnvironmentAnswer.Untold("read: EISDIR"));
    }

    @Test
    void valuesStayOutOfTheLog() {
        assertThat(new EnvironmentAnswer.Told(List.of("PASSWORD=secret"))).hasToString("Told[1 variables]");
    }

    // Limits

    @Test
    void anothersLimitsAreNotCopied() throws Exception {
        say("4242/status", "Uid:\t2002\t2001\t2001\t2001\n");
        LimitsAnswer answer = Samples.answerOf(processes.copyLimits(
                4242, ALICE, new LoginProcess(4243, 1), Set.of(Resource.MEMLOCK, Resource.CORE), inTime()));
        assertThat(answer.set()).isEmpty();
        assertThat(answer.unset())
                .containsExactly(
                        Map.entry(Resource.CORE, "pid 4242 has ended, or is not uid 2001's"),
                        Map.entry(Resource.MEMLOCK, "pid 4242 has ended, or is not uid 2001's"));
    }

    @Test
    void aLimitThatTheKernelDoesNotTellIsNotCopied() throws Exception {
        say("4242/status", "Uid:\t2001\t2001\t2001\t2001\n");
        say("4242/limits", "Max core file size        0                    unlimited            bytes     \n");
        Files.createDirectory(root.resolve("4243"));
        say("4243/stat", stat('S', 1).replace("4242", "4243"));
        LimitsAnswer answer = Samples.answerOf(
                processes.copyLimits(4242, ALICE, new LoginProcess(4243, 1), Set.of(Resource.RTTIME), inTime()));
        assertThat(answer.set()).isEmpty();
        assertThat(answer.unset()).containsOnly(Map.entry(Resource.RTTIME, "the kernel does not tell it"));
    }
}
