package io.adoptd.slurmd.stepd;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixSocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All conversations with slurmstepds on one event loop, which others use too: it opens, reads, writes and closes every
 * socket of them, so that none is closed under a thread that still uses its number, and it keeps their time. A login that
 * comes in on the same loop is not handed from thread to thread on its way to the slurmstepd and back. The sockets are
 * JNR's; the loop only tells when there is something to read.
 */
final class StepdLoop implements AutoCloseable {

    /** What waits for bytes of its socket, on the loop's thread. */
    interface Listener {

        void readable();

        /** There are no more conversations, and no byte will be heard any more. */
        void abandon();
    }

    private static final Logger log = LoggerFactory.getLogger(StepdLoop.class);

    private final IoEventLoop loop;
    private final Set<Listener> listeners = new HashSet<>();
    private volatile boolean closing;

    private StepdLoop(IoEventLoop loop) {
        this.loop = loop;
    }

    /**
     * Loads JNR's native code, which reads files and takes a while: not on the loop's thread.
     *
     * @param loop one of epoll(7), which stays its owner's
     */
    static StepdLoop on(EventLoop loop) throws IOException {
        if (!(loop instanceof IoEventLoop io) || !io.isCompatible(EpollIoHandle.class)) {
            throw new IllegalArgumentException("no epoll: " + loop);
        }
        UnixSocketChannel.create().close();
        return new StepdLoop(io);
    }

    /**
     * Has a task run on the loop's thread, soon and in order, and not before this returns. From any thread.
     *
     * @throws RejectedExecutionException if this is closed, or the loop has ended
     */
    void execute(Runnable task) {
        if (closing) {
            throw new RejectedExecutionException("adoptd talks to slurmstepds no more");
        }
        loop.execute(() -> guarded(task));
    }

    /** Has a task run on the loop's thread at an instant of {@link System#nanoTime}. */
    Timed executeAt(long nanos, Runnable task) {
        return new Timed(
                loop.schedule(() -> guarded(task), Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS));
    }

    /** A task that waits for its time. */
    record Timed(Future<?> future) {

        /** Never interrupts it. */
        void cancel() {
            future.cancel(false);
        }
    }

    /**
     * Tells the listener of bytes. From the loop's thread only.
     *
     * @return what to {@link IoRegistration#cancel} before the channel is closed
     */
    IoRegistration listen(UnixSocketChannel channel, Listener listener) throws IOException {
        Future<IoRegistration> registered = loop.register(new Handle(new FileDescriptor(channel.getFD()), listener));
        if (!registered.isSuccess()) { // on the loop's own thread it is settled at once
            throw new IOException("the event loop does not take its socket", registered.cause());
        }
        IoRegistration registration = Objects.requireNonNull(registered.getNow());
        registration.submit(EpollIoOps.EPOLLIN);
        return registration;
    }

    /** Has the listener abandoned when this is closed before {@link #leave}. From the loop's thread only. */
    void enter(Listener listener) {
        listeners.add(listener);
        if (closing) {
            listener.abandon();
        }
    }

    void leave(Listener listener) {
        listeners.remove(listener);
    }

    /** Ends every conversation; does not wait for it. The loop goes on. */
    @Override
    public void close() {
        closing = true;
        try {
            loop.execute(() -> List.copyOf(listeners).forEach(listener -> guarded(listener::abandon)));
        } catch (RejectedExecutionException e) {
            log.debug("the loop has ended before");
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

    /** One socket, to the loop. */
    private record Handle(FileDescriptor fd, Listener listener) implements EpollIoHandle {

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            guarded(listener::readable);
        }

        /** The loop ends. The socket is the conversation's to close. */
        @Override
        public void close() {
            guarded(listener::abandon);
        }
    }
}
