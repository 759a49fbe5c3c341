package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.limits.Resource;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Reads that do not come back: FIFOs stand where {@code cgroup} and a user's {@code environ} should be, and nobody writes
 * to them.
 */
class StuckReadsIT {

    private static final LoginProcess STUCK =
            new LoginProcess((int) ProcessHandle.current().pid(), 7);
    private static final LoginProcess ABSENT = new LoginProcess(Integer.MAX_VALUE, 7);
    private static final int EVES = 4001;
    private static final Uid EVE = new Uid(2001);
    private static final int ALICES = 4002;
    private static final Uid ALICE = new Uid(2002);

    private static final EnvironmentAnswer STILL =
            new EnvironmentAnswer.Untold("a process of uid 2001's is still being read");

    /** As logins.max is without a line for it. */
    private static final int LOGINS = 1_024;

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    @SuppressWarnings("NullAway.Init")
    private Path fifo;

    @SuppressWarnings("NullAway.Init")
    private Path eves;

    @SuppressWarnings("NullAway.Init")
    private RandomAccessFile writer;

    @SuppressWarnings("NullAway.Init")
    private RandomAccessFile evesWriter;

    @BeforeEach
    void makeFifos() throws Exception {
        fifo = Files.createDirectory(root.resolve("" + STUCK.pid())).resolve("cgroup");
        writer = fifo(fifo);
        process(EVES, EVE);
        eves = root.resolve(EVES + "/environ");
        evesWriter = fifo(eves);
        process(ALICES, ALICE);
        Files.writeString(root.resolve(ALICES + "/environ"), "A=1\0");
        processes = new KernelProcesses(new Proc(root.toString()));
    }

    /** Keeps the readers waiting until it is closed. */
    private static RandomAccessFile fifo(Path path) throws Exception {
        try (Child mkfifo = Child.start("mkfifo", path.toString())) {
            assertThat(mkfifo.process().waitFor()).isZero();
        }
        return new RandomAccessFile(path.toFile(), "rw");
    }

    private void process(int pid, Uid owner) throws IOException {
        Path directory = Files.createDirectory(root.resolve("" + pid));
        Files.writeString(directory.resolve("stat"), pid + " (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0 0\n");
        Files.writeString(directory.resolve("status"), "Uid:\t%1$s\t%1$s\t%1$s\t%1$s\n".formatted(owner));
    }

    @AfterEach
    void end() throws Exception {
        processes.close();
        writer.close();
        evesWriter.close();
        await().until(() -> released() && threads("proc-") == 0 && threads("user-read") == 0);
    }

    /** Also lets those go that had not come to their read yet. */
    private boolean released() throws IOException {
        new RandomAccessFile(fifo.toFile(), "rw").close();
        new RandomAccessFile(eves.toFile(), "rw").close();
        return true;
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .count();
    }

    /** Threads that are in a system call, and have not come back. */
    private static long reading(String name) {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith(name))
                .filter(thread -> Arrays.stream(thread.getValue())
                        .anyMatch(frame -> frame.getClassName().endsWith(".Libc")
                                && Set.of("open", "read").contains(frame.getMethodName())))
                .count();
    }

    // What only the kernel can keep from returning

    @Test
    void aStuckReadCostsOnlyItsSlice() {
        var clock = VirtualTimeScheduler.create();
        var deadline = Deadline.in(Duration.ofMillis(250), LoginClock.of(clock));
        List<Object> answers = new CopyOnWriteArrayList<>();
        Disposable place =
                processes.membership(STUCK, Samples.step(4, 1), deadline).subscribe(answers::add);

        clock.advanceTimeBy(Duration.ofMillis(249));
        assertThat(answers).isEmpty();
        clock.advanceTimeBy(Duration.ofMillis(1));
        assertThat(answers).containsExactly(new Membership.Unreadable("timed out"));
        assertThat(place.isDisposed()).isTrue();
    }

    @Test
    void twoStuckReadsNeverTakeAThirdThread() throws Exception {
        for (int i = 0; i < 20; i++) {
            processes.membership(STUCK, Samples.step(4, 1), in(60_000)).subscribe();
        }
        await().until(() -> reading("proc-") == 2);
        assertThat(Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(50))))
                .isEqualTo(new Membership.Unreadable("timed out"));
        assertThat(threads("proc-")).isEqualTo(2);

        writer.close();
        await().until(this::answersAgain);
    }

    private boolean answersAgain() throws IOException {
        return released()
                && Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(500)))
                        .equals(new Membership.ProcessGone());
    }

    @Test
    void asManyLoginsAsThereMayBeWaitTheirSliceAndNoneIsRefused() {
        var clock = VirtualTimeScheduler.create();
        var deadline = Deadline.in(Duration.ofMillis(250), LoginClock.of(clock));
        List<Membership> answers = new CopyOnWriteArrayList<>();
        for (int i = 0; i < LOGINS; i++) {
            processes.membership(STUCK, Samples.step(4, 1), deadline).subscribe(answers::add);
        }
        clock.advanceTimeBy(Duration.ofMillis(249));
        assertThat(answers).isEmpty();
        clock.advanceTimeBy(Duration.ofMillis(1));
        assertThat(answers).hasSize(LOGINS).containsOnly(new Membership.Unreadable("timed out"));
    }

    @Test
    void aCancelledReadSaysNothingLate() throws Exception {
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        Hooks.onErrorDropped(dropped::add);
        try {
            Disposable login =
                    processes.membership(STUCK, Samples.step(4, 1), in(60_000)).subscribe();
            login.dispose();
            writer.close();
            await().until(this::answersAgain);
            processes.close();
            await().until(() -> released() && threads("proc-") == 0);
            assertThat(dropped).isEmpty();
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    // What a user can keep from returning

    /** Returns when the read is known to be stuck. */
    private void stick() {
        processes.environment(EVES, EVE, in(60_000)).subscribe();
        await().until(() -> environment(EVES, EVE, 300).equals(STILL));
    }

    @Test
    void userWhoseReadIsStuckHasOneThreadAndTheNextAnswerAtOnce() {
        stick();
        for (int i = 0; i < 20; i++) {
            assertThat(environment(EVES, EVE, 60_000)).isEqualTo(STILL);
        }
        LimitsAnswer limits =
                Samples.answerOf(processes.copyLimits(EVES, EVE, ABSENT, Set.of(Resource.CORE), in(60_000)));
        assertThat(limits.unset()).containsEntry(Resource.CORE, "a process of uid 2001's is still being read");
        assertThat(threads("user-read")).isEqualTo(1);
    }

    @Test
    void userWhoseReadIsStuckKeepsNoOtherLoginWaiting() {
        for (int i = 0; i < 20; i++) {
            processes.environment(EVES, EVE, in(60_000)).subscribe();
        }
        await().until(() -> reading("user-read") == 1);
        for (int i = 0; i < 20; i++) {
            assertThat(Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(60_000))))
                    .isEqualTo(new Membership.ProcessGone());
            assertThat(environment(ALICES, ALICE, 60_000)).isEqualTo(new EnvironmentAnswer.Told(List.of("A=1")));
        }
    }

    @Test
    void readThatReturnsAfterAllEndsIt() throws Exception {
        stick();
        Path told = Files.writeString(root.resolve("told"), "E=1\0");
        Files.move(told, eves, StandardCopyOption.REPLACE_EXISTING); // who is in the FIFO is there still
        evesWriter.close();
        await().untilAsserted(() ->
                assertThat(environment(EVES, EVE, 60_000)).isEqualTo(new EnvironmentAnswer.Told(List.of("E=1"))));
    }

    private EnvironmentAnswer environment(int pid, Uid owner, int millis) {
        return Samples.answerOf(processes.environment(pid, owner, in(millis)));
    }

    private static Deadline in(int millis) {
        return Deadline.in(Duration.ofMillis(millis), LoginClock.monotonic(Schedulers.parallel()));
    }
}
