package io.adoptd.slurmd.auth.munge;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.wire.Bytes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * munge, through libmunge and the munged of this node.
 *
 * <p>The library blocks and cannot be interrupted; so its calls run on two threads of their own, which end when nobody
 * needs them. While a munged hangs, or was killed and has left its socket, a call is lost to the library's patience (10 s
 * and 2 s). Whoever made it gets an answer at his deadline; whoever comes later gets one at once: while both threads are
 * lost, and, once munged is known not to answer, while one is. When none is, one call at a time tries it again, for a
 * moment only. A full queue answers at once, too.
 */
public final class MungeCredentials implements Credentials, AutoCloseable {

    private static final int THREADS = 2;
    /** As many as there may be logins; what works takes a tenth of a millisecond each. */
    static final int QUEUED = 1_024;

    /**
     * How long a call may take before it counts as lost. A munged that works needs a ten-thousandth of it; the rest is for
     * a node whose processors are all busy.
     */
    static final Duration LOST_AFTER = Duration.ofSeconds(1);

    /**
     * The longest that one call is waited for, queue included: what the library itself waits for munged before it tries
     * again. It bounds what a munged that hangs costs a login, which may have more for its slurmd.
     */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** How long it is waited for a munged that did not answer before. */
    static final Duration TRIAL = Duration.ofMillis(250);

    private static final Duration IDLE = Duration.ofSeconds(30);

    private static final String TOO_LATE = "munge: no answer in time";
    private static final String TOO_MANY = "munge: queue is full";
    private static final String LOST = "munge: munged does not answer";

    private final MungeCalls munge;
    private final Supplier<AuthInfo> authInfo;
    private final Scheduler calls;

    private final Library library = new Library();

    /** Reads {@code authInfo} before every call, on a thread that may block: slurm.conf may change. */
    public MungeCredentials(Supplier<AuthInfo> authInfo) {
        this(new MungeCalls(), authInfo);
    }

    MungeCredentials(MungeCalls munge, Supplier<AuthInfo> authInfo) {
        this.munge = munge;
        this.authInfo = authInfo;
        this.calls = threads();
    }

    @Override
    public AuthPlugin plugin() {
        return AuthPlugin.MUNGE;
    }

    @Override
    public Mono<MakeAnswer> make(Bytes payload, Deadline deadline) {
        return call(
                () -> munge.encode(payload, authInfo.get()),
                MakeAnswer.Made.class::isInstance,
                MakeAnswer.Unavailable::new,
                deadline);
    }

    @Override
    public Mono<VerifyAnswer> verify(Token credential, Deadline deadline) {
        return call(
                () -> munge.decode(credential, authInfo.get()),
                answer -> !(answer instanceof VerifyAnswer.Unavailable),
                VerifyAnswer.Unavailable::new,
                deadline);
    }

    /** Whether no call is in the library: for tests. */
    boolean isIdle() {
        return library.isIdle();
    }

    /** Lets go of the threads. What is still asked is unavailable from then on. */
    @Override
    public void close() {
        calls.dispose();
    }

    /**
     * The one thread hop. A call whose deadline passed while it was queued is not made any more.
     *
     * @param answered whether this is an answer of munged's
     */
    private <A> Mono<A> call(
            Supplier<A> call, Predicate<A> answered, Function<String, A> unavailable, Deadline deadline) {
        return Mono.defer(() -> {
            LoginClock clock = deadline.clock();
            Way way = library.wayOf(clock.now());
            if (way == Way.BARRED) {
                return Mono.just(unavailable.apply(LOST));
            }
            Deadline until = deadline.slice(way == Way.ON_TRIAL ? TRIAL : PATIENCE);
            return Mono.fromSupplier(() ->
                            until.hasPassed() ? unavailable.apply(TOO_LATE) : library.timed(call, answered, clock))
                    .subscribeOn(calls)
                    .timeout(until.remaining(), until.timers())
                    .doOnCancel(() -> library.noteLost(clock.now())) // whoever asks may give up at the same deadline
                    .onErrorResume(
                            TimeoutException.class,
                            e -> Mono.just(unavailable.apply(library.noteLost(clock.now()) ? LOST : TOO_LATE)))
                    .onErrorResume(RejectedExecutionException.class, e -> Mono.just(unavailable.apply(TOO_MANY)))
                    .doFinally(end -> library.over(way));
        });
    }

    /** What a call may do. */
    private enum Way {
        /** Be made. */
        FREE,
        /** Be made, for a moment only: munged did not answer the one before. */
        ON_TRIAL,
        /** Nothing: munged does not answer. */
        BARRED
    }

    /**
     * What is known of the library and of munged behind it. It is asked by the logins' thread and told by the threads of
     * the calls: so each question is one look under one lock, never two at what changes in between.
     */
    private static final class Library {

        /** When the call of each thread that is in one began. */
        private final Map<Thread, Long> begun = new HashMap<>(2 * THREADS);

        /** Whether the last that came back from the library, or did not, was no answer of munged's. */
        private boolean down;

        /** Whether a call is on trial: it may still be queued. */
        private boolean trying;

        synchronized Way wayOf(long now) {
            if (!down) {
                return lost(now) == THREADS ? Way.BARRED : Way.FREE; // no thread is left that could make a call soon
            }
            if (trying || !begun.isEmpty()) {
                return Way.BARRED;
            }
            trying = true;
            return Way.ON_TRIAL;
        }

        /** The call has come to an end for whoever asked, though it may still be in the library. */
        synchronized void over(Way way) {
            trying &= way != Way.ON_TRIAL;
        }

        <A> A timed(Supplier<A> call, Predicate<A> answered, LoginClock clock) {
            begin(clock.now());
            A answer;
            try {
                answer = call.get();
            } catch (RuntimeException | Error bug) {
                end();
                throw bug;
            }
            end(answered.test(answer));
            return answer;
        }

        /** Returns whether munged is known not to answer. */
        synchronized boolean noteLost(long now) {
            down |= lost(now) > 0;
            return down;
        }

        synchronized boolean isIdle() {
            return begun.isEmpty();
        }

        private synchronized void begin(long now) {
            begun.put(Thread.currentThread(), now);
        }

        private synchronized void end() {
            begun.remove(Thread.currentThread());
        }

        private synchronized void end(boolean heard) {
            end();
            down = !heard;
        }

        /** How many threads are in a call that does not come back. */
        private long lost(long now) {
            return begun.values().stream()
                    .filter(at -> now - at >= LOST_AFTER.toNanos())
                    .count();
        }
    }

    private static Scheduler threads() {
        var pool = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE.toSeconds(), TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUED), named("munge"));
        pool.allowCoreThreadTimeOut(true);
        return Schedulers.fromExecutorService(pool, "munge");
    }

    private static ThreadFactory named(String name) {
        var count = new AtomicInteger();
        return work -> {
            var thread = new Thread(work, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
