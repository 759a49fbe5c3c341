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

    /** How long it was when it was made. */
    private final long lengthNanos;

    /** What it may be renewed up to. */
    private final long latestNanos;

    private Deadline(LoginClock clock, long fromNanos, long atNanos, long latestNanos) {
        this.clock = clock;
        this.atNanos = atNanos;
        this.lengthNanos = Math.max(0, atNanos - fromNanos);
        this.latestNanos = later(atNanos, latestNanos);
    }

    private static long later(long one, long other) {
        return one - other < 0 ? other : one;
    }

    private static long earlier(long one, long other) {
        return one - other < 0 ? one : other;
    }

    /** The deadline {@code budget} from now. */
    public static Deadline in(Duration budget, LoginClock clock) {
        long now = clock.now();
        long end = now + budget.toNanos();
        return new Deadline(clock, now, end, end);
    }

    /** The earlier of this deadline and {@code atMost} from now. */
    public Deadline slice(Duration atMost) {
        long now = clock.now();
        long end = earlier(now + atMost.toNanos(), atNanos);
        return new Deadline(clock, now, end, end);
    }

    /**
     * A slice for what may have to wait for its turn behind other questions of ours. That is not the time of whoever is
     * asked: when its {@link #turn} has come it is {@link #renewed}.
     *
     * @param rest of this deadline that is left all the same, for what comes after
     */
    public Deadline sliceInTurn(Duration atMost, Duration rest) {
        long now = clock.now();
        long end = earlier(now + atMost.toNanos(), atNanos);
        return new Deadline(clock, now, end, atNanos - rest.toNanos());
    }

    /**
     * The same for a slice that is long beside the whole: it leaves the rest even if its turn comes at once.
     *
     * @param rest of this deadline that is left for what comes after; half of what is left now, if that is less
     */
    public Deadline sliceInTurnKeeping(Duration atMost, Duration rest) {
        long now = clock.now();
        long kept = Math.min(rest.toNanos(), Math.max(0, atNanos - now) / 2);
        long end = earlier(now + atMost.toNanos(), atNanos - kept);
        return new Deadline(clock, now, end, atNanos - kept);
    }

    /** When its turn has to come, so that the slice still fits in behind it. */
    public Deadline turn() {
        return turn(Duration.ofNanos(lengthNanos));
    }

    /**
     * When its turn has to come, so that so much of the slice still fits in behind it.
     *
     * @param least of the slice; all of it if that is less
     */
    public Deadline turn(Duration least) {
        long end = later(atNanos, latestNanos - Math.min(lengthNanos, least.toNanos()));
        return new Deadline(clock, clock.now(), end, end);
    }

    /** The same slice from now on, as far as there is room for it. */
    public Deadline renewed() {
        long now = clock.now();
        long end = earlier(now + lengthNanos, latestNanos);
        return new Deadline(clock, now, end, end);
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
