package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adoptd.kernel.limits.Resource;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;

/** A process whose user holds its mmap lock for ever, with a FUSE page that is never answered: a real one. */
class HeldMmapLockIT {

    private static final Uid EVE = new Uid(2001);
    private static final LoginProcess ABSENT = new LoginProcess(Integer.MAX_VALUE, 7);

    @TempDir
    static Path dir;

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    @SuppressWarnings("NullAway.Init")
    private Child hostile;

    @BeforeEach
    void hold() throws Exception {
        assumeTrue(new Uid(OwnProcess.effectiveUid()).value() == 0, "only root may mount here and read others' /proc");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "no /dev/fuse here");
        Path program = dir.resolve("hold_mmap_lock");
        assumeTrue(compiled(program), "no gcc here");
        hostile = Child.start(
                program.toString(), Files.createTempDirectory(dir, "fuse").toString(), "" + EVE);
        String said = hostile.process().inputReader().readLine();
        assumeTrue("held".equals(said), "FUSE does not work here: " + said);
        processes = KernelProcesses.ofThisHost();
    }

    private static boolean compiled(Path program) throws InterruptedException {
        try {
            Process gcc = new ProcessBuilder(
                            "gcc", "-Wall", "-Werror", "-pthread", "-o", "" + program, "src/test/c/hold_mmap_lock.c")
                    .inheritIO()
                    .start();
            assertThat(gcc.waitFor()).isZero();
            return true;
        } catch (IOException absent) {
            return false;
        }
    }

    @AfterEach
    @SuppressWarnings("ConstantConditions") // what was skipped has neither
    void end() {
        if (hostile != null) {
            hostile.end();
        }
        if (processes != null) {
            processes.close();
        }
    }

    @Test
    void itsUserStallsTheirOwnSettingsAndNoOtherLogin() throws Exception {
        var still = new EnvironmentAnswer.Untold("a process of uid 2001's is still being read");
        processes.environment(hostile.pid(), EVE, in(60_000)).subscribe();
        await().until(() -> environment(EVE, 300).equals(still));
        assertThat(environment(EVE, 60_000)).isEqualTo(still);

        try (Child other = Child.start("env", "-i", "A=1", "sh", "-c", "echo; read x")) {
            assertThat(other.process().inputReader().readLine()).isNotNull();
            Uid own = new Uid(OwnProcess.effectiveUid());
            for (int i = 0; i < 100; i++) {
                assertThat(Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(60_000))))
                        .isEqualTo(new Membership.ProcessGone());
                assertThat(Samples.answerOf(processes.environment(other.pid(), own, in(60_000))))
                        .isInstanceOf(EnvironmentAnswer.Told.class);
            }
        }

        hostile.end();
        await().untilAsserted(() -> assertThat(environment(EVE, 300))
                .isEqualTo(new EnvironmentAnswer.Untold("pid " + hostile.pid() + " has ended")));
    }

    /** What of its process is read on the event loop and beside other logins does not wait for that lock. */
    @Test
    void whatElseIsReadOfSuchAProcessDoesNotWait() throws Exception {
        var process = new LoginProcess(
                hostile.pid(), processes.startTicks(hostile.pid()).orElseThrow());
        assertThat(Samples.answerOf(processes.isStill(process))).isTrue();
        assertThat(Samples.answerOf(processes.membership(process, Samples.step(4, 1), in(60_000))))
                .isInstanceOf(Membership.Elsewhere.class);
        try (Child session = Child.sleeping()) {
            var to = new LoginProcess(
                    session.pid(), processes.startTicks(session.pid()).orElseThrow());
            LimitsAnswer limits =
                    Samples.answerOf(processes.copyLimits(hostile.pid(), EVE, to, Set.of(Resource.CORE), in(60_000)));
            assertThat(limits.unset()).isEmpty();
        }
    }

    private EnvironmentAnswer environment(Uid owner, int millis) {
        return Samples.answerOf(processes.environment(hostile.pid(), owner, in(millis)));
    }

    private static Deadline in(int millis) {
        return Deadline.in(Duration.ofMillis(millis), LoginClock.monotonic(Schedulers.parallel()));
    }
}
