package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Reads that do not come back: a FIFO stands where {@code cgroup} should be, and nobody writes to it. */
class StuckReadsIT {

    private static final LoginProcess STUCK =
            new LoginProcess((int) ProcessHandle.current().pid(), 7);
    private static final LoginProcess ABSENT = new LoginProcess(Integer.MAX_VALUE, 7);

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    @SuppressWarnings("NullAway.Init")
    private Path fifo;

    @SuppressWarnings("NullAway.Init")
    private RandomAccessFile writer;

    @BeforeEach
    void makeFifo() throws Exception {
        fifo = Files.createDirectory(root.resolve("" + STUCK.pid())).resolve("cgroup");
        try (Child mkfifo = Child.start("mkfifo", fifo.toString())) {
            assertThat(mkfifo.process().waitFor()).isZero();
        }
        writer = new RandomAccessFile(fifo.toFile(), "rw"); // keeps the readers waiting until it is closed
        processes = new KernelProcesses(new Proc(root.toString()));
    }

    @AfterEach
    void end() throws Exception {
        processes.close();
        writer.close();
        await().until(() -> released() && procThreads() == 0);
    }

    /** Also lets those go that had not come to their read yet. */
    private boolean released() throws IOException {
        new RandomAccessFile(fifo.toFile(), "rw").close();
        return true;
    }

    private static long procThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("proc-"))
                .count();
    }

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
            assertThat(Samples.answerOf(processes.membership(STUCK, Samples.step(4, 1), in(5))))
                    .isEqualTo(new Membership.Unreadable("timed out"));
        }
        assertThat(procThreads()).isEqualTo(2);
        assertThat(Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(50))))
                .isEqualTo(new Membership.Unreadable("timed out"));

        writer.close();
        await().until(this::answersAgain);
    }

    private boolean answersAgain() throws IOException {
        return released()
                && Samples.answerOf(processes.membership(ABSENT, Samples.step(4, 1), in(500)))
                        .equals(new Membership.ProcessGone());
    }

    @Test
    void whatTheQueueCannotHoldIsAnsweredAtOnce() {
        List<Membership> answers = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 600; i++) {
            processes.membership(STUCK, Samples.step(4, 1), in(60_000)).subscribe(answers::add);
        }
        assertThat(answers)
                .hasSize(600 - 512 - 2)
                .containsOnly(new Membership.Unreadable("too many processes to be read at once"));
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
            await().until(() -> released() && procThreads() == 0);
            assertThat(dropped).isEmpty();
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    private static Deadline in(int millis) {
        return Deadline.in(Duration.ofMillis(millis), LoginClock.monotonic(Schedulers.parallel()));
    }
}
