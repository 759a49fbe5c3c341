package io.adoptd.pipeline.time;

import java.util.concurrent.LinkedBlockingQueue;
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
 * Two threads for calls that block, and that may be lost to one that never returns, as on a dead mount. Past a bound of
 * those who wait the answer is quick. Nothing ever interrupts a call, for what follows runs on the same thread.
 */
public final class BlockingCalls {

    private static final int THREADS = 2;

    private final String name;
    private final ThreadPoolExecutor threads;
    private final AtomicLong done = new AtomicLong();

    /**
     * Starts no thread yet.
     *
     * @param name of the threads, {@code NAME-1} and {@code NAME-2}
     * @param maxWaiting calls that wait for a thread
     */
    public BlockingCalls(String name, int maxWaiting) {
        var count = new AtomicInteger();
        this.name = name;
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(maxWaiting),
                task -> new Worker(task, name + "-" + count.incrementAndGet()));
    }

    /** A thread that may block, and that nobody waits for when the program ends. */
    public static final class Worker extends Thread {

        /**
         * Does not start it.
         *
         * @param name as the threads of a process are shown
         */
        public Worker(Runnable task, String name) {
            super(task, name);
            setDaemon(true);
        }
    }

    /** Blocking work. */
    @FunctionalInterface
    public interface Work<R> {

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
    public <R> Mono<R> call(Work<R> work, Deadline deadline) {
        return Mono.create(sink -> new Call<>(work, deadline, sink).begin());
    }

    /**
     * Does blocking work that no login waits for.
     *
     * @throws RejectedExecutionException when too many wait already
     */
    public void execute(Runnable work) {
        threads.execute(work);
    }

    /** Ends the threads. Calls still open are answered at their deadlines, later ones at once. */
    public void shutdownNow() {
        threads.shutdownNow();
    }

    private final class Call<R> implements Runnable {

        private final Work<R> work;
        private final Deadline deadline;
        private final Deadline turn;
        private final MonoSink<R> sink;
        private final Disposable.Swap watch = Disposables.swap();
        private volatile @Nullable Deadline own;
        private volatile boolean over;
        private long seen;

        Call(Work<R> work, Deadline deadline, MonoSink<R> sink) {
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
                if (own == null) { // else a queue that stands would fill up with those who wait no more
                    threads.remove(this);
                }
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
                sink.error(new TimeoutException("the " + name + " threads took too long"));
            } else if (turn.hasPassed()) {
                sink.error(new RejectedExecutionException("too many wait for the " + name + " threads"));
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
