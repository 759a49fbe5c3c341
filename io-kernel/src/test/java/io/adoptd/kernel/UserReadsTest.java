package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Reads that return when the test says so, in the test's time. */
class UserReadsTest {

    private static final Duration SLICE = UserReads.STUCK_AFTER;
    private static final Uid EVE = new Uid(2001);
    private static final Uid ALICE = new Uid(2002);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final LoginClock clock = LoginClock.of(time);
    private final UserReads reads = new UserReads();
    private final Semaphore reading = new Semaphore(0);
    private final Semaphore mayReturn = new Semaphore(0);
    private final List<Disposable> open = new ArrayList<>();

    @AfterEach
    void end() {
        mayReturn.release(1_000);
        open.forEach(Disposable::dispose);
        reads.shutdownNow();
        await().until(() -> threads() == 0);
        time.dispose();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("user-read"))
                .count();
    }

    @Test
    void stuckReadCostsItsSliceAndTheNextOfThatUserIsAnsweredAtOnce() {
        AtomicReference<Object> first = stuck(EVE);
        assertThat(first).hasNullValue();
        time.advanceTimeBy(SLICE);
        assertThat(first.get()).isInstanceOf(TimeoutException.class);
        for (int i = 0; i < 20; i++) {
            assertThat(quick(EVE).get())
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasToString("java.util.concurrent.RejectedExecutionException: a process of uid 2001's is still"
                            + " being read");
        }
        assertThat(threads()).isEqualTo(1);
    }

    @Test
    void stuckReadOfOneUserKeepsNoOtherUserWaiting() {
        stuck(EVE);
        assertAnswered(quick(ALICE));
        time.advanceTimeBy(SLICE);
        assertAnswered(quick(ALICE));
    }

    @Test
    void readThatReturnsAfterAllMakesRoomForTheNextOfThatUser() {
        stuck(EVE);
        time.advanceTimeBy(SLICE);
        mayReturn.release();
        await().untilAsserted(() -> assertThat(quick(EVE).get()).isNotInstanceOf(RejectedExecutionException.class));
        assertAnswered(quick(EVE));
    }

    @Test
    void readsOfOneUserAreMadeOneAfterAnother() {
        stuck(EVE);
        List<AtomicReference<Object>> waiting = new ArrayList<>();
        for (int i = 0; i < 1_024; i++) {
            waiting.add(quick(EVE));
        }
        assertThat(threads()).isEqualTo(1);
        assertThat(waiting).allSatisfy(one -> assertThat(one).hasNullValue());
        mayReturn.release();
        await().untilAsserted(() ->
                assertThat(waiting).allSatisfy(one -> assertThat(one).hasValue("told")));
    }

    @Test
    void readThatNobodyWaitsForAnyMoreIsNotBegun() {
        stuck(EVE);
        AtomicReference<Object> late = stuckLater(EVE);
        time.advanceTimeBy(SLICE);
        assertThat(late.get()).isInstanceOf(TimeoutException.class);
        mayReturn.release();
        await().untilAsserted(() -> assertThat(quick(EVE).get()).isNotInstanceOf(RejectedExecutionException.class));
        assertAnswered(quick(EVE));
        assertThat(reading.availablePermits()).as("begun since").isZero();
    }

    @Test
    void asManyUsersAsThereAreThreadsEndTheReadingOfOthersAndNoMoreThreadsAreStarted() {
        for (int user = 0; user < UserReads.THREADS; user++) {
            stuck(new Uid(3_000 + user));
        }
        AtomicReference<Object> waits = quick(ALICE);
        assertThat(waits).as("they may yet return").hasNullValue();
        time.advanceTimeBy(SLICE);
        assertThat(waits.get()).isInstanceOf(TimeoutException.class);
        assertThat(quick(new Uid(2003)).get()).isInstanceOf(RejectedExecutionException.class);
        assertThat(threads()).isEqualTo(UserReads.THREADS);
        mayReturn.release();
        await().untilAsserted(() -> assertThat(quick(new Uid(2003)).get()).isEqualTo("told"));
    }

    @Test
    void oneStuckThreadFewerLeavesRoomForEverybodyElse() {
        for (int user = 1; user < UserReads.THREADS; user++) {
            stuck(new Uid(3_000 + user));
        }
        time.advanceTimeBy(SLICE);
        List<AtomicReference<Object>> others = new ArrayList<>();
        for (int user = 0; user < 100; user++) {
            others.add(quick(new Uid(4_000 + user)));
        }
        await().untilAsserted(() ->
                assertThat(others).allSatisfy(one -> assertThat(one).hasValue("told")));
    }

    private static void assertAnswered(AtomicReference<Object> came) {
        await().untilAsserted(() -> assertThat(came).hasValue("told"));
    }

    /** One that is being read when this returns. */
    private AtomicReference<Object> stuck(Uid owner) {
        AtomicReference<Object> came = stuckLater(owner);
        reading.acquireUninterruptibly();
        return came;
    }

    private AtomicReference<Object> stuckLater(Uid owner) {
        return read(owner, () -> {
            reading.release();
            mayReturn.acquireUninterruptibly();
        });
    }

    private AtomicReference<Object> quick(Uid owner) {
        return read(owner, () -> {});
    }

    private AtomicReference<Object> read(Uid owner, Runnable work) {
        var came = new AtomicReference<Object>();
        open.add(reads.call(
                        owner,
                        () -> {
                            work.run();
                            return "told";
                        },
                        Deadline.in(SLICE, clock))
                .subscribe(came::set, came::set));
        return came;
    }
}
