package io.adoptd.bench.sim;

import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The extern slurmstepds of a node: a socket each in its spool directory, one thread for all. They speak as those of
 * 24.11 do (Slurm src/common/stepd_api.c) what a login asks: hello, UID, STATE, ADD_EXTERN_PID, X11_DISPLAY and
 * GET_NS_FD, of a job that has neither a display nor namespaces.
 */
public final class SimulatedStepds implements AutoCloseable {

    /** What a slurmstepd does when it is asked. */
    public enum Manner {
        /** Answers, and takes processes in. */
        HONEST,
        /** Takes connections, and never answers: as one that was stopped. */
        SILENT,
        /** Says that it took the process in, and did not. */
        LIAR
    }

    private static final int WORD_OF_24_11 = 0x2A00;
    private static final int REQUEST_STATE = 5;
    private static final int REQUEST_UID = 20;
    private static final int REQUEST_ADD_EXTERN_PID = 22;
    private static final int REQUEST_X11_DISPLAY = 23;
    private static final int REQUEST_NS_FD = 26;
    private static final int RUNNING = 2;
    private static final long EXTERN = 0xffff_fffcL;

    private final Path spool;
    private final NodeName node;
    private final Selector selector;
    private final Map<Integer, JobId> adopted = new ConcurrentHashMap<>();
    private final Duration delay;
    private final ExecutorService later = Executors.newSingleThreadExecutor(work -> daemon(work, "simulated-delay"));

    private record Stepd(JobId job, Uid owner, Manner manner) {}

    private static final class Conversation {
        private final Stepd stepd;
        private final ByteBuffer in = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
        private boolean greeted;

        Conversation(Stepd stepd) {
            this.stepd = stepd;
        }
    }

    /**
     * None runs yet.
     *
     * @param delay what each takes before it answers what has come; several take it at the same time
     */
    public SimulatedStepds(Path spool, NodeName node, Duration delay) throws IOException {
        this.spool = spool;
        this.node = node;
        this.delay = delay;
        this.selector = Selector.open();
        daemon(this::serve, "simulated-stepds").start();
    }

    private static Thread daemon(Runnable work, String name) {
        var thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Starts a job's extern step. */
    public void run(long job, Uid owner, Manner manner) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket(job)), 128);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT, new Stepd(new JobId(job), owner, manner));
        selector.wakeup();
    }

    /** Where the slurmstepd of this job listens. */
    Path socket(long job) {
        return spool.resolve(node + "_" + job + "." + EXTERN);
    }

    /** The job that a process was taken into; null when into none. */
    public @Nullable JobId jobOf(int pid) {
        return adopted.get(pid);
    }

    private void serve() {
        try {
            while (selector.isOpen()) {
                selector.select(this::handle);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (java.nio.channels.ClosedSelectorException closed) {
            // the end
        }
    }

    private void handle(SelectionKey key) {
        try {
            if (key.attachment() instanceof Stepd stepd) {
                accept((ServerSocketChannel) key.channel(), stepd);
            } else if (key.attachment() instanceof Conversation conversation && delay.isZero()) {
                read((SocketChannel) key.channel(), conversation);
            } else {
                key.interestOps(0); // from here to its answer the conversation is the other thread's
                CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, later)
                        .execute(() -> readLate(key));
            }
        } catch (IOException e) {
            key.cancel();
            closeQuietly(key);
        }
    }

    private void accept(ServerSocketChannel server, Stepd stepd) throws IOException {
        for (var client = server.accept(); client != null; client = server.accept()) {
            client.configureBlocking(false);
            client.register(selector, SelectionKey.OP_READ, new Conversation(stepd));
        }
    }

    private void readLate(SelectionKey key) {
        try {
            read((SocketChannel) key.channel(), (Conversation) key.attachment());
            if (key.isValid()) {
                key.interestOps(SelectionKey.OP_READ);
                selector.wakeup();
            }
        } catch (IOException | CancelledKeyException e) {
            key.cancel();
            closeQuietly(key);
        }
    }

    private void read(SocketChannel client, Conversation conversation) throws IOException {
        if (client.read(conversation.in) < 0) {
            client.close();
            return;
        }
        if (conversation.stepd.manner() == Manner.SILENT) {
            conversation.in.clear();
            return;
        }
        conversation.in.flip();
        while (conversation.in.remaining() >= 4 && answer(client, conversation)) {
            // one request after another
        }
        conversation.in.compact();
    }

    /** False when the rest of a request has yet to come. */
    private boolean answer(SocketChannel client, Conversation conversation) throws IOException {
        if (!conversation.greeted) {
            conversation.in.getInt();
            conversation.greeted = true;
            return reply(client, WORD_OF_24_11);
        }
        int request = conversation.in.getInt(conversation.in.position());
        switch (request) {
            case REQUEST_STATE -> {
                conversation.in.getInt();
                return reply(client, RUNNING);
            }
            case REQUEST_UID -> {
                conversation.in.getInt();
                return reply(client, (int) conversation.stepd.owner().value());
            }
            case REQUEST_ADD_EXTERN_PID -> {
                if (conversation.in.remaining() < 8) {
                    return false;
                }
                conversation.in.getInt();
                int pid = conversation.in.getInt();
                if (conversation.stepd.manner() == Manner.HONEST) {
                    adopted.put(pid, conversation.stepd.job());
                }
                return reply(client, 0);
            }
            case REQUEST_X11_DISPLAY -> {
                conversation.in.getInt();
                return reply(client, 0, 0);
            }
            case REQUEST_NS_FD -> {
                conversation.in.getInt();
                return reply(client, 0);
            }
            default -> throw new IOException("request " + request + " is not simulated");
        }
    }

    private static boolean reply(SocketChannel client, int... values) throws IOException {
        ByteBuffer words = ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.nativeOrder());
        for (int value : values) {
            words.putInt(value);
        }
        client.write(words.flip());
        return true;
    }

    private static void closeQuietly(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            // it is going away already
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            closeQuietly(key);
        }
        selector.close();
        later.shutdownNow();
    }
}
