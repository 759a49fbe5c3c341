package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Virtual time whose open timers can be counted. */
final class Timers implements Scheduler {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final AtomicInteger open = new AtomicInteger();

    LoginClock clock() {
        return LoginClock.of(this);
    }

    void advanceBy(Duration by) {
        time.advanceTimeBy(by);
    }

    /** Those that have neither fired nor been called off. */
    int open() {
        return open.get();
    }

    @Override
    public long now(TimeUnit unit) {
        return time.now(unit);
    }

    @Override
    public Disposable schedule(Runnable task) {
        return time.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        open.incrementAndGet();
        var over = Disposables.composite();
        over.add(open::decrementAndGet);
        over.add(time.schedule(
                () -> {
                    over.dispose();
                    task.run();
                },
                delay,
                unit));
        return over;
    }

    @Override
    public Worker createWorker() {
        return time.createWorker();
    }
}
