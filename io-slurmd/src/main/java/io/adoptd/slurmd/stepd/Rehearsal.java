package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import reactor.core.publisher.Mono;

/**
 * A slurmstepd of our own, which hears who wants a process adopted and refuses. It runs on a thread of its own until it is
 * closed. Conversations with it load and compile what the first login would otherwise wait for.
 */
public final class Rehearsal implements AutoCloseable {

    private static final int HELLO_AND_PROCESS = 3 * Integer.BYTES;
    private static final int REFUSED = -1;

    private final ServerSocketChannel server;
    private final Conversation.Setting setting;
    private final Conversation.Partner itself;
    private final Uid own;

    private Rehearsal(ServerSocketChannel server, Conversation.Setting setting, Conversation.Partner itself, Uid own) {
        this.server = server;
        this.setting = setting;
        this.itself = itself;
        this.own = own;
    }

    static Rehearsal with(Conversation.Setting setting, Conversation.Partner itself, Uid own) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(itself.socket()));
        } catch (IOException e) {
            server.close();
            throw e;
        }
        var rehearsal = new Rehearsal(server, setting, itself, own);
        var thread = new Thread(rehearsal::serve, "rehearsal");
        thread.setDaemon(true);
        thread.start();
        return rehearsal;
    }

    /**
     * Has one conversation, in which it refuses.
     *
     * @return completes when it is over, at the deadline the latest; whatever came of it
     */
    public Mono<Void> refuse(Deadline deadline) {
        return Mono.defer(() -> {
            int pid = Math.toIntExact(ProcessHandle.current().pid());
            return Conversation.of(setting, itself, Requests.adopt(pid, own, pid), deadline)
                    .then();
        });
    }

    private void serve() {
        while (server.isOpen()) {
            try (SocketChannel channel = server.accept()) {
                refuse(channel);
            } catch (IOException e) {
                // the conversation is over, or the rehearsal
            }
        }
    }

    private static void refuse(SocketChannel channel) throws IOException {
        ByteBuffer heard = ByteBuffer.allocate(HELLO_AND_PROCESS);
        while (heard.hasRemaining()) {
            if (channel.read(heard) < 0) {
                return;
            }
        }
        ByteBuffer said = ByteBuffer.allocate(2 * Integer.BYTES).order(ByteOrder.nativeOrder());
        channel.write(said.putInt(SlurmVersion.COMMON.word()).putInt(REFUSED).flip());
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
