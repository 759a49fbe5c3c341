package io.adoptd.slurmd.stepd;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/** In virtual time, with a slurmstepd that adopts when the test says so. */
class AdoptionQueueTest {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final LoginClock clock = LoginClock.of(time);
    private final AdoptionQueue queue = new AdoptionQueue();
    private final List<Sinks.One<String>> adoptions = new ArrayList<>();
    private final List<Deadline> slices = new ArrayList<>();

    @Test
    void soManyAreAdoptedAtOnceAndTheOthersInTheOrderOfTheirComing() {
        var logins = IntStream.range(0, 500).mapToObj(i -> adopt()).toList();
        assertThat(adoptions).hasSize(AdoptionQueue.AT_ONCE);
        for (int i = 0; i < 500; i++) {
            adoptions.get(i).tryEmitValue("ok");
            time.advanceTimeBy(ofMillis(10)); // the last one waits nearly five slices
            assertThat(logins.get(i)).isCompletedWithValue("ok");
        }
        assertThat(queue.isIdle()).isTrue();
    }

    @Test
    void theSliceBeginsWithTheTurn() {
        var logins = IntStream.range(0, 17).mapToObj(i -> adopt()).toList();
        time.advanceTimeBy(ofSeconds(3));
        adoptions.get(0).tryEmitValue("ok");
        time.advanceTimeBy(ofMillis(1));
        assertThat(slices).hasSize(17);
        assertThat(slices.get(0).hasPassed()).isTrue();
        assertThat(slices.get(16).remaining()).isBetween(ofMillis(999), ofSeconds(1));
        assertThat(logins.get(16)).isNotDone();
    }

    @Test
    void whoseTurnDoesNotComeInTimeIsToldSo() {
        var logins = IntStream.range(0, 17).mapToObj(i -> adopt()).toList();
        time.advanceTimeBy(ofMillis(8_000 - 500 - 250 - 1));
        assertThat(logins.get(16)).isNotDone();
        time.advanceTimeBy(ofMillis(1));
        assertThat(logins.get(16)).isCompletedWithValue("no turn");
        assertThat(adoptions).hasSize(16);
    }

    @Test
    void whoGoesAwayGivesItsPlaceBack() {
        var open = IntStream.range(0, 16).mapToObj(i -> adopt()).toList();
        var waiting = adopt();
        var next = adopt();
        waiting.cancel(false);
        open.get(3).cancel(false);
        time.advanceTimeBy(ofMillis(1));
        assertThat(adoptions).hasSize(17);
        adoptions.get(16).tryEmitValue("ok");
        assertThat(next).isCompletedWithValue("ok");
    }

    @Test
    void aBugOfOursStaysAnErrorAndFreesItsPlace() {
        var logins = IntStream.range(0, 17).mapToObj(i -> adopt()).toList();
        adoptions.get(0).tryEmitError(new IllegalStateException("a bug"));
        assertThat(logins.get(0)).isCompletedExceptionally();
        time.advanceTimeBy(ofMillis(1));
        assertThat(adoptions).hasSize(17);
    }

    /** With real threads: whatever meets whatever, all are answered, and nothing is held when all have left. */
    @Test
    void noPlaceIsLostWhateverHappensAtOnce() throws InterruptedException {
        var real = LoginClock.monotonic(Schedulers.parallel());
        int count = 4_000;
        var left = new CountDownLatch(count);
        var open = new AtomicInteger();
        var most = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            Deadline deadline =
                    Deadline.in(ofMillis(1 + ThreadLocalRandom.current().nextInt(200)), real);
            var login = queue.inTurn(
                            deadline,
                            own -> Mono.using(
                                    () -> most.accumulateAndGet(open.incrementAndGet(), Math::max),
                                    now -> Mono.delay(ofMillis(1)).thenReturn("ok"),
                                    now -> open.decrementAndGet()),
                            Mono.just("no turn"))
                    .doFinally(end -> left.countDown())
                    .subscribe();
            if (i % 4 == 0) {
                Schedulers.parallel().schedule(login::dispose, i % 3_000, TimeUnit.MICROSECONDS);
            }
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(most).hasValueLessThanOrEqualTo(AdoptionQueue.AT_ONCE);
        assertThat(queue.isIdle()).isTrue();
    }

    /** With what a login has by default. */
    private CompletableFuture<String> adopt() {
        Deadline deadline = Deadline.in(ofSeconds(8), clock).sliceInTurn(ofSeconds(1), ofMillis(500));
        return queue.inTurn(
                        deadline,
                        own -> {
                            Sinks.One<String> adoption = Sinks.one();
                            adoptions.add(adoption);
                            slices.add(own);
                            return adoption.asMono();
                        },
                        Mono.just("no turn"))
                .toFuture();
    }
}
