package io.adoptd.kernel;

import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.BlockingCalls;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Reads that a user can keep from ever returning, on threads of their own. A read of {@code /proc/PID/environ} waits for
 * the process's mmap lock, which its user can hold for ever: one thread faults in a page of a FUSE file system that does
 * not answer, another calls mmap(2).
 *
 * <p>So no user has more than one such read at a time; the others of that user wait behind it. Once it has taken longer
 * than {@link #STUCK_AFTER}, whoever asks for the same user is told so at once. {@link #THREADS} users can have a read at
 * the same time; if all of these are stuck, nobody else's is begun. Threads end when they are idle. What is bounded:
 * threads, users with a read that is stuck (one for each thread), calls that wait (one for each login).
 */
final class UserReads {

    /** As many users have to work together to keep the settings of their jobs from the sessions of others. */
    static final int THREADS = 16;

    /** A read that takes longer than this counts as stuck. One that is not takes less than a millisecond. */
    static final Duration STUCK_AFTER = Duration.ofMillis(250);

    private static final Duration IDLE = Duration.ofSeconds(10);

    /** Guarded by itself: the users who have a read, or wait for a thread for one. */
    private final Map<Uid, Line> lines = new HashMap<>();

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(LoginPipeline.MOST_AT_ONCE),
            task -> new BlockingCalls.Worker(task, "user-read"));

    UserReads() {
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Makes one read. It is not begun any more when nobody waits for it.
     *
     * @param owner the user who may keep it from returning
     * @return errors with {@link TimeoutException} at the deadline, which frees the caller and not the thread, and with
     *     {@link RejectedExecutionException}, whose message says why, when the read cannot be begun
     */
    <R> Mono<R> call(Uid owner, Callable<R> read, Deadline deadline) {
        return Mono.create(sink -> new Call<>(read, deadline, sink).begin(owner));
    }

    /** Ends the threads. Calls still open are answered at their deadlines, later ones at once. */
    void shutdownNow() {
        threads.shutdownNow();
    }

    private void enter(Uid owner, Call<?> call, LoginClock clock) {
        synchronized (lines) {
            if (call.over) {
                return;
            }
            Line line = lines.get(owner);
            if (line != null && line.isStuck(clock)) {
                throw new RejectedExecutionException("a process of uid " + owner + "'s is still being read");
            }
            if (line == null) {
                if (lines.values().stream()
                                .filter(other -> other.isStuck(clock))
                                .count()
                        >= THREADS) {
                    throw new RejectedExecutionException("processes of " + THREADS + " users are still being read");
                }
                line = new Line(owner);
                threads.execute(line);
                lines.put(owner, line);
            }
            line.waiting.add(call);
        }
    }

    private void leave(Uid owner, Call<?> call) {
        synchronized (lines) {
            call.over = true;
            Line line = lines.get(owner);
            if (line != null) {
                line.waiting.remove(call); // the line itself goes when its thread finds it empty
            }
        }
    }

    /** The calls for one user: a thread takes one of them at a time, and then other users come first. */
    private final class Line implements Runnable {

        private final Uid owner;
        private final Deque<Call<?>> waiting = new ArrayDeque<>();

        /** When the read began that a thread is in, by the clock of its login; null while none is. */
        private @Nullable Long begun;

        Line(Uid owner) {
            this.owner = owner;
        }

        /** With the lock. */
        boolean isStuck(LoginClock clock) {
            return begun != null && clock.now() - begun >= STUCK_AFTER.toNanos();
        }

        @Override
        public void run() {
            Call<?> call = next();
            if (call != null) {
                try {
                    call.answer();
                } finally {
                    done();
                }
            }
        }

        private @Nullable Call<?> next() {
            synchronized (lines) {
                Call<?> call = waiting.poll();
                if (call == null) {
                    lines.remove(owner);
                } else {
                    begun = call.deadline.clock().now();
                }
                return call;
            }
        }

        private void done() {
            synchronized (lines) {
                begun = null;
                if (waiting.isEmpty()) {
                    lines.remove(owner);
                } else {
                    again();
                }
            }
        }

        private void again() {
            try {
                threads.execute(this);
            } catch (RejectedExecutionException closed) {
                lines.remove(owner); // those who wait are answered at their deadlines
            }
        }
    }

    private final class Call<R> {

        private final Callable<R> read;
        private final Deadline deadline;
        private final MonoSink<R> sink;
        private final Disposable.Swap watch = Disposables.swap();

        /** Nobody waits for it. Guarded by the lock. */
        private boolean over;

        Call(Callable<R> read, Deadline deadline, MonoSink<R> sink) {
            this.read = read;
            this.deadline = deadline;
            this.sink = sink;
        }

        void begin(Uid owner) {
            watch.update(
                    deadline.timers().schedule(this::late, deadline.remaining().toNanos(), TimeUnit.NANOSECONDS));
            sink.onDispose(() -> {
                watch.dispose();
                leave(owner, this);
            });
            enter(owner, this, deadline.clock());
        }

        private void late() {
            sink.error(new TimeoutException("the read took too long"));
        }

        void answer() {
            R result;
            try {
                result = read.call();
            } catch (Exception e) {
                sink.error(e);
                return;
            }
            sink.success(result);
        }
    }
}
