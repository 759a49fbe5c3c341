package io.adoptd.pipeline.time;

import java.time.Duration;
import reactor.core.scheduler.Scheduler;

/**
 * The instant by which an answer must be there. A login has one, made when it arrives; whatever it asks gets a
 * {@link #slice} of what is left, never a fresh allowance.
 */
public final class Deadline {

    private final LoginClock clock;
    private final long atNanos;

    private Deadline(LoginClock clock, long atNanos) {
        this.clock = clock;
        this.atNanos = atNanos;
    }

    /** The deadline {@code budget} from now. */
    public static Deadline in(Duration budget, LoginClock clock) {
        return new Deadline(clock, clock.now() + budget.toNanos());
    }

    /** The earlier of this deadline and {@code atMost} from now. */
    public Deadline slice(Duration atMost) {
        long end = clock.now() + atMost.toNanos();
        return new Deadline(clock, end - atNanos < 0 ? end : atNanos);
    }

    /** What is left; zero once it has passed, never negative. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, atNanos - clock.now()));
    }

    public boolean hasPassed() {
        return atNanos - clock.now() <= 0;
    }

    public LoginClock clock() {
        return clock;
    }

    /** Where a timeout of {@link #remaining()} has to be scheduled. */
    public Scheduler timers() {
        return clock.timers();
    }

    @Override
    public String toString() {
        return "Deadline[" + remaining().toMillis() + " ms left]";
    }
}
