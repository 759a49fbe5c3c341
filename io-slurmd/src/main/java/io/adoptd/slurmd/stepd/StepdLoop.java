package io.adoptd.slurmd.stepd;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jnr.enxio.channels.NativeSelectorProvider;
import jnr.unixsocket.UnixSocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.NonBlocking;

/**
 * The one thread of all conversations with slurmstepds: it opens, reads, writes and closes every socket of them, so
 * that none is closed under a thread that still uses its number, and it keeps their time. It counts as non-blocking to
 * Reactor, and sleeps until something is to be done.
 */
final class StepdLoop implements AutoCloseable {

    /** What waits for bytes of its socket, on the loop's thread. */
    interface Listener {

        void readable();

        /** The loop ends, and no byte will be heard any more. */
        void abandon();
    }

    private static final Logger log = LoggerFactory.getLogger(StepdLoop.class);

    /** A poll(2) that fails, for want of memory or so, must not be tried at full speed. */
    private static final long AFTER_FAILED_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Selector selector;
    private final Thread thread = new LoopThread(this::run);
    private final Object inbox = new Object();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean asleep;
    private boolean ended;
    private volatile boolean closing;

    private final PriorityQueue<Timed> timed = new PriorityQueue<>(Timed.EARLIEST_FIRST);
    private final Set<Listener> listeners = new HashSet<>();

    private StepdLoop(Selector selector) {
        this.selector = selector;
    }

    /** Loads the native code and starts the thread. */
    static StepdLoop open() throws IOException {
        var loop = new StepdLoop(NativeSelectorProvider.getInstance().openSelector());
        loop.thread.start();
        return loop;
    }

    /**
     * Has a task run on the loop's thread, soon and in order. From any thread.
     *
     * @throws RejectedExecutionException if the loop is closed
     */
    void execute(Runnable task) {
        synchronized (inbox) {
            if (ended) {
                throw new RejectedExecutionException("adoptd talks to slurmstepds no more");
            }
            tasks.add(task);
            if (asleep) {
                asleep = false;
                selector.wakeup();
            }
        }
    }

    /**
     * Has a task run on the loop's thread at an instant of {@link System#nanoTime}. From that thread only.
     *
     * @return what to {@link #cancel} it by
     */
    Timed executeAt(long nanos, Runnable task) {
        var later = new Timed(nanos, task);
        timed.add(later);
        return later;
    }

    /** From the loop's thread only. */
    void cancel(Timed later) {
        timed.remove(later);
    }

    /** Tells the listener of bytes until the channel is closed. From the loop's thread only. */
    void listen(UnixSocketChannel channel, Listener listener) throws IOException {
        channel.register(selector, SelectionKey.OP_READ, listener);
    }

    /** Has the listener abandoned when the loop ends before {@link #leave}. From the loop's thread only. */
    void enter(Listener listener) {
        listeners.add(listener);
        if (closing) {
            listener.abandon();
        }
    }

    void leave(Listener listener) {
        listeners.remove(listener);
    }

    /** Ends every conversation and then the thread; does not wait for it. */
    @Override
    public void close() {
        closing = true;
        try {
            execute(() -> log.debug("no more conversations with slurmstepds"));
        } catch (RejectedExecutionException e) {
            log.debug("closed twice");
        }
    }

    private void run() {
        try {
            while (!closing) {
                waitForSomething();
                runTasks();
                tellListeners();
                runTimed();
            }
        } catch (IOException e) {
            log.error("the selector of the slurmstepds' sockets failed", e);
        } finally {
            end();
        }
    }

    private void waitForSomething() throws IOException {
        int ready = fallAsleep() ? selector.select(untilNextTimed()) : selector.selectNow();
        if (ready < 0) {
            LockSupport.parkNanos(AFTER_FAILED_POLL_NANOS);
        }
    }

    /** Whoever has a task from now on has to wake the selector; not, if one is waiting. */
    private boolean fallAsleep() {
        synchronized (inbox) {
            asleep = tasks.isEmpty();
            return asleep;
        }
    }

    /** Milliseconds, rounded up; 0 for ever. */
    private long untilNextTimed() {
        Timed next = timed.peek();
        return next == null
                ? 0
                : Math.max(1, TimeUnit.NANOSECONDS.toMillis(next.atNanos - System.nanoTime() + 999_999));
    }

    /** Those that wait now: what comes meanwhile must not keep the sockets waiting. */
    private void runTasks() {
        int waiting;
        synchronized (inbox) {
            asleep = false;
            waiting = tasks.size();
        }
        for (; waiting > 0; waiting--) {
            guarded(nextTask());
        }
    }

    private Runnable nextTask() {
        synchronized (inbox) {
            return tasks.remove();
        }
    }

    private void tellListeners() {
        Set<SelectionKey> ready = selector.selectedKeys();
        for (SelectionKey key : ready) {
            if (key.isValid() && key.attachment() instanceof Listener listener) {
                guarded(listener::readable);
            }
        }
        ready.clear();
    }

    private void runTimed() {
        for (Timed next = timed.peek(); next != null && next.isDue(); next = timed.peek()) {
            timed.remove();
            guarded(next.task);
        }
    }

    /** Whatever one conversation does wrong, the others go on. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            log.error("a fault of adoptd while it talked to a slurmstepd", e);
        }
    }

    private void end() {
        closing = true;
        synchronized (inbox) {
            ended = true; // from now on nobody wakes the selector: its pipe's number may soon be another file's
        }
        runTasks();
        List.copyOf(listeners).forEach(listener -> guarded(listener::abandon));
        try {
            selector.close();
        } catch (IOException e) {
            log.debug("the selector did not close", e);
        }
    }

    /** A task that waits for its time. */
    static final class Timed {

        private static final Comparator<Timed> EARLIEST_FIRST =
                (one, other) -> Long.signum(one.atNanos - other.atNanos);

        private final long atNanos;
        private final Runnable task;

        private Timed(long atNanos, Runnable task) {
            this.atNanos = atNanos;
            this.task = task;
        }

        private boolean isDue() {
            return atNanos - System.nanoTime() <= 0;
        }
    }

    private static final class LoopThread extends Thread implements NonBlocking {

        LoopThread(Runnable loop) {
            super(loop, "stepd");
            setDaemon(true);
        }
    }
}
