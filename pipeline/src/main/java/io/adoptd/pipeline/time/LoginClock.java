package io.adoptd.pipeline.time;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import reactor.core.scheduler.Scheduler;

/**
 * The time of logins: a monotonic reading, and the scheduler that fires when a slice is over.
 *
 * @param nanos monotonic nanoseconds from an arbitrary origin; never the wall clock, which an administrator may set
 * @param timers where timeouts fire; it must count the same time
 */
public record LoginClock(LongSupplier nanos, Scheduler timers) {

    /** The machine's monotonic clock, with {@code timers} to fire. */
    public static LoginClock monotonic(Scheduler timers) {
        return new LoginClock(System::nanoTime, timers);
    }

    /** A scheduler that keeps its own time, as Reactor's virtual one does. */
    public static LoginClock of(Scheduler virtual) {
        return new LoginClock(() -> virtual.now(TimeUnit.NANOSECONDS), virtual);
    }

    public long now() {
        return nanos.getAsLong();
    }
}
