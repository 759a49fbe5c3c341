package io.adoptd.pipeline.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

class DeadlineTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 10); // nanoTime may overflow at any moment
    private final LoginClock clock = new LoginClock(nanos::get, Schedulers.immediate());

    @Test
    void aSliceNeverOutlivesItsDeadline() {
        Deadline login = Deadline.in(Duration.ofMillis(300), clock);
        assertThat(login.slice(Duration.ofMillis(500)).remaining()).isEqualTo(Duration.ofMillis(300));
        assertThat(login.slice(Duration.ofMillis(100)).remaining()).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void aSliceIsOfWhatIsLeft() {
        Deadline login = Deadline.in(Duration.ofMillis(300), clock);
        nanos.addAndGet(Duration.ofMillis(250).toNanos());
        assertThat(login.slice(Duration.ofMillis(100)).remaining()).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void aSliceIsWholeAgainWhenItsTurnHasComeAsFarAsThereIsRoom() {
        Deadline slice = Deadline.in(Duration.ofMillis(1_000), clock)
                .sliceInTurn(Duration.ofMillis(300), Duration.ofMillis(200));
        assertThat(slice.remaining()).isEqualTo(Duration.ofMillis(300));
        assertThat(slice.turn().remaining()).isEqualTo(Duration.ofMillis(500));
        nanos.addAndGet(Duration.ofMillis(400).toNanos());
        assertThat(slice.hasPassed()).isTrue();
        assertThat(slice.renewed().remaining()).isEqualTo(Duration.ofMillis(300));
        nanos.addAndGet(Duration.ofMillis(300).toNanos());
        assertThat(slice.renewed().remaining())
                .as("200 ms are for what comes after")
                .isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void whereThereIsNoRoomTheTurnHasToComeWithinTheSlice() {
        Deadline slice =
                Deadline.in(Duration.ofMillis(400), clock).sliceInTurn(Duration.ofMillis(300), Duration.ofMillis(200));
        assertThat(slice.turn().remaining()).isEqualTo(Duration.ofMillis(300));
        nanos.addAndGet(Duration.ofMillis(100).toNanos());
        assertThat(slice.renewed().remaining()).isEqualTo(Duration.ofMillis(200));
        Deadline plain = Deadline.in(Duration.ofMillis(300), clock);
        nanos.addAndGet(Duration.ofMillis(100).toNanos());
        assertThat(plain.renewed().remaining()).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void aLongSliceLeavesTheRestAlsoIfItsTurnComesAtOnce() {
        Deadline login = Deadline.in(Duration.ofSeconds(8), clock);
        Deadline slice = login.sliceInTurnKeeping(Duration.ofMillis(5_800), Duration.ofMillis(1_250));
        assertThat(slice.remaining()).isEqualTo(Duration.ofMillis(5_800));
        assertThat(slice.turn(Duration.ofMillis(800)).remaining()).isEqualTo(Duration.ofMillis(5_950));
        nanos.addAndGet(Duration.ofMillis(5_950).toNanos());
        assertThat(slice.renewed().remaining()).isEqualTo(Duration.ofMillis(800));
        nanos.addAndGet(Duration.ofMillis(800).toNanos());
        assertThat(slice.renewed().remaining()).isZero();
        assertThat(login.remaining()).isEqualTo(Duration.ofMillis(1_250));
    }

    @Test
    void ofLittleItLeavesHalf() {
        Deadline login = Deadline.in(Duration.ofMillis(3_750), clock);
        assertThat(login.sliceInTurnKeeping(Duration.ofMillis(5_800), Duration.ofMillis(1_250))
                        .remaining())
                .isEqualTo(Duration.ofMillis(2_500));
        Deadline hasty = Deadline.in(Duration.ofSeconds(1), clock);
        Deadline slice = hasty.sliceInTurnKeeping(Duration.ofMillis(5_800), Duration.ofMillis(1_250));
        assertThat(slice.remaining()).isEqualTo(Duration.ofMillis(500));
        assertThat(slice.turn(Duration.ofMillis(800)).remaining()).isEqualTo(Duration.ofMillis(500));
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(hasty.sliceInTurnKeeping(Duration.ofMillis(5_800), Duration.ofMillis(1_250))
                        .remaining())
                .isZero();
    }

    @Test
    void nothingIsLeftOfAPassedDeadline() {
        Deadline login = Deadline.in(Duration.ofMillis(300), clock);
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(login.hasPassed()).isTrue();
        assertThat(login.remaining()).isZero();
        assertThat(login.slice(Duration.ofMillis(5)).remaining()).isZero();
    }
}
