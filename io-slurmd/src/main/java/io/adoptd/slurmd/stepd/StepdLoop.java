package io.adoptd.slurmd.stepd;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
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
 * that none is closed under a thread that still uses its number. It counts as non-blocking to Reactor.
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
    private static final Duration AFTER_FAILED_POLL = Duration.ofMillis(10);

    private final Selector selector;
    private final Thread thread = new LoopThread(this::run);
    private final Object inbox = new Object();
    private final List<Runnable> tasks = new ArrayList<>();
    private boolean woken;
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
            if (!woken) {
                woken = true;
                selector.wakeup();
            }
        }
    }

    /** Has a task run on the loop's thread later. From that thread only. */
    void executeIn(Duration delay, Runnable task) {
        timed.add(new Timed(System.nanoTime() + delay.toNanos(), task));
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
                inbox().forEach(StepdLoop::guarded);
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
        if (selector.select(untilNextTimed()) < 0) {
            LockSupport.parkNanos(AFTER_FAILED_POLL.toNanos());
        }
    }

    /** Milliseconds, rounded up; 0 for ever. */
    private long untilNextTimed() {
        Timed next = timed.peek();
        return next == null
                ? 0
                : Math.max(1, TimeUnit.NANOSECONDS.toMillis(next.atNanos() - System.nanoTime() + 999_999));
    }

    private List<Runnable> inbox() {
        synchronized (inbox) {
            woken = false;
            List<Runnable> all = List.copyOf(tasks);
            tasks.clear();
            return all;
        }
    }

    private void tellListeners() {
        List<SelectionKey> ready = List.copyOf(selector.selectedKeys());
        selector.selectedKeys().clear();
        for (SelectionKey key : ready) {
            if (key.isValid() && key.attachment() instanceof Listener listener) {
                guarded(listener::readable);
            }
        }
    }

    private void runTimed() {
        for (Timed next = timed.peek(); next != null && next.isDue(); next = timed.peek()) {
            timed.remove();
            guarded(next.task());
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
        inbox().forEach(StepdLoop::guarded);
        List.copyOf(listeners).forEach(listener -> guarded(listener::abandon));
        try {
            selector.close();
        } catch (IOException e) {
            log.debug("the selector did not close", e);
        }
    }

    private record Timed(long atNanos, Runnable task) {

        static final Comparator<Timed> EARLIEST_FIRST = (one, other) -> Long.signum(one.atNanos - other.atNanos);

        boolean isDue() {
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
