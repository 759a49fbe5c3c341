package io.adoptd.pipeline.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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

/** Blocking calls, where time is the test's and work is done when the test says so. */
class BlockingCallsTest {

    private static final Duration SLICE = Duration.ofMillis(500);
    private static final Duration LOGIN = Duration.ofSeconds(3);
    private static final Duration REST = Duration.ofSeconds(1);
    private static final Duration A_LITTLE = Duration.ofMillis(1);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final LoginClock clock = LoginClock.of(time);
    private final BlockingCalls calls = new BlockingCalls("call", 16);
    private final Semaphore working = new Semaphore(0);
    private final Semaphore mayEnd = new Semaphore(0);
    private final List<Disposable> waiting = new ArrayList<>();

    @AfterEach
    void end() {
        allMayEnd();
        calls.shutdownNow();
        waiting.forEach(Disposable::dispose);
        time.dispose();
    }

    @Test
    void whoWaitsBehindOthersThatComeAndGoHasItsWholeTimeThen() {
        bothAreBusy();
        AtomicReference<Object> came = read(inTurn());
        read(inTurn());
        time.advanceTimeBy(SLICE.minus(A_LITTLE));
        oneEnds();
        time.advanceTimeBy(SLICE.minus(A_LITTLE));
        assertThat(came).as("its own time has begun with its turn").hasNullValue();
        allMayEnd();
        await().untilAsserted(() -> assertThat(came).hasValue("done"));
    }

    @Test
    void aQueueThatStandsIsWaitedForAsLongAsOneWhoIsLost() {
        bothAreBusy();
        AtomicReference<Object> came = read(inTurn());
        time.advanceTimeBy(SLICE.minus(A_LITTLE));
        assertThat(came).hasNullValue();
        time.advanceTimeBy(A_LITTLE);
        assertThat(came.get()).isInstanceOf(TimeoutException.class);
    }

    @Test
    void aTurnThatComesTooLateForTheRestOfTheLoginIsNotWaitedFor() {
        bothAreBusy();
        for (int i = 0; i < 10; i++) {
            read(inTurn());
        }
        AtomicReference<Object> came = read(inTurn());
        int slices = 0;
        for (; came.get() == null; slices++) {
            assertThat(slices).isLessThan(4);
            oneEnds();
            time.advanceTimeBy(SLICE);
        }
        assertThat(came.get()).isInstanceOf(RejectedExecutionException.class);
        assertThat(slices)
                .as("slices within the login's time less the rest and a slice")
                .isEqualTo(3);
    }

    @Test
    void workThatTakesLongerThanItMayIsLetAlone() {
        AtomicReference<Object> came = read(inTurn());
        working.acquireUninterruptibly();
        time.advanceTimeBy(SLICE);
        assertThat(came.get()).isInstanceOf(TimeoutException.class);
    }

    @Test
    void aPlainDeadlineHoldsWhateverTheQueueDoes() {
        bothAreBusy();
        AtomicReference<Object> came = read(Deadline.in(SLICE, clock));
        read(Deadline.in(SLICE, clock));
        oneEnds();
        time.advanceTimeBy(SLICE);
        assertThat(came.get()).isInstanceOf(TimeoutException.class);
    }

    @Test
    void whoHasLeftIsNotWorkedFor() {
        bothAreBusy();
        read(inTurn());
        waiting.get(2).dispose();
        AtomicReference<Object> next = read(inTurn());
        allMayEnd();
        await().untilAsserted(() -> assertThat(next).hasValue("done"));
        assertThat(working.availablePermits()).as("begun since").isEqualTo(1);
    }

    @Test
    void pastTheBoundOfThoseWhoWaitACallIsRefusedAtOnce() {
        bothAreBusy();
        for (int i = 0; i < 16; i++) {
            assertThat(read(inTurn())).hasNullValue();
        }
        assertThat(read(inTurn()).get()).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void whoHasLeftTakesNoRoomInTheQueue() {
        bothAreBusy();
        for (int i = 0; i < 100; i++) { // 16 may wait
            AtomicReference<Object> came = read(Deadline.in(SLICE, clock));
            time.advanceTimeBy(SLICE);
            assertThat(came.get()).as("waited its slice, call " + i).isInstanceOf(TimeoutException.class);
        }
    }

    private void bothAreBusy() {
        read(inTurn());
        read(inTurn());
        working.acquireUninterruptibly(2);
    }

    /** And the next one begins. */
    private void oneEnds() {
        mayEnd.release();
        working.acquireUninterruptibly();
    }

    /** Whoever works and whoever will: with fewer permits one that has just begun may take another's. */
    private void allMayEnd() {
        mayEnd.release(1_000);
    }

    private Deadline inTurn() {
        return Deadline.in(LOGIN, clock).sliceInTurn(SLICE, REST);
    }

    /** What comes of it: its result or its error. */
    private AtomicReference<Object> read(Deadline deadline) {
        var came = new AtomicReference<Object>();
        waiting.add(calls.call(
                        own -> {
                            working.release();
                            mayEnd.acquire();
                            return "done";
                        },
                        deadline)
                .subscribe(came::set, came::set));
        return came;
    }
}
