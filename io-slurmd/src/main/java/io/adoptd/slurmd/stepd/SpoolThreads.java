package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.time.Deadline;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The threads {@code spool}, two of them: they read slurm.conf and the spool directory, and may be lost to a dead mount.
 * Past a bound of those who wait the answer is quick. Nothing ever interrupts what they do, for what follows runs on the
 * same thread.
 */
final class SpoolThreads {

    private static final int THREADS = 2;
    private static final int MAX_WAITING = 1024;

    private final ThreadPoolExecutor threads;
    private final AtomicLong done = new AtomicLong();

    SpoolThreads() {
        var count = new AtomicInteger();
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                task -> new SpoolThread(task, "spool-" + count.incrementAndGet()));
    }

    /** One that may be lost to a dead mount. */
    static final class SpoolThread extends Thread {

        SpoolThread(Runnable task, String name) {
            super(task, name);
            setDaemon(true);
        }
    }

    /** Blocking work. */
    @FunctionalInterface
    interface Work<R> {

        /**
         * Does it.
         *
         * @param own until when it is waited for, now that its turn has come
         */
        R call(Deadline own) throws Exception;
    }

    /**
     * Does blocking work in its turn. Whoever waits behind others that come and go does not pay for them: the time counts
     * from its turn on ({@link Deadline#renewed}). A queue that stands, because the threads are lost, is waited for as
     * long as one who is lost.
     *
     * @return errors with {@link TimeoutException} when its time is over, which frees the caller and not the thread, and
     *     with {@link RejectedExecutionException} when too many wait already
     */
    <R> Mono<R> read(Work<R> work, Deadline deadline) {
        return Mono.create(sink -> new Reading<>(work, deadline, sink).begin());
    }

    /**
     * Does blocking work that no login waits for.
     *
     * @throws RejectedExecutionException when too many wait already
     */
    void execute(Runnable work) {
        threads.execute(work);
    }

    void shutdownNow() {
        threads.shutdownNow();
    }

    private final class Reading<R> implements Runnable {

        private final Work<R> work;
        private final Deadline deadline;
        private final Deadline turn;
        private final MonoSink<R> sink;
        private final Disposable.Swap watch = Disposables.swap();
        private volatile @Nullable Deadline own;
        private volatile boolean over;
        private long seen;

        Reading(Work<R> work, Deadline deadline, MonoSink<R> sink) {
            this.work = work;
            this.deadline = deadline;
            this.turn = deadline.turn();
            this.sink = sink;
        }

        void begin() {
            watch(deadline);
            sink.onDispose(() -> {
                over = true;
                watch.dispose();
            });
            threads.execute(this);
        }

        private void watch(Deadline until) {
            seen = done.get();
            watch.update(
                    deadline.timers().schedule(this::look, until.remaining().toNanos(), TimeUnit.NANOSECONDS));
        }

        private void look() {
            Deadline begun = own;
            if (begun != null && !begun.hasPassed()) {
                watch(begun);
            } else if (begun != null || seen == done.get()) {
                sink.error(new TimeoutException("the spool threads took too long"));
            } else if (turn.hasPassed()) {
                sink.error(new RejectedExecutionException("too many wait for the spool threads"));
            } else {
                watch(turn.slice(deadline.renewed().remaining()));
            }
        }

        @Override
        public void run() {
            try {
                if (!over) {
                    answer();
                }
            } finally {
                done.incrementAndGet();
            }
        }

        private void answer() {
            Deadline now = deadline.renewed();
            own = now;
            R result;
            try {
                result = work.call(now);
            } catch (Exception e) {
                sink.error(e);
                return;
            }
            sink.success(result);
        }
    }
}
