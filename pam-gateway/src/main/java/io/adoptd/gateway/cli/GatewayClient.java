package io.adoptd.gateway.cli;

import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.FrameLimits;
import io.adoptd.gateway.wire.Reply;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/** Asks the daemon one thing over its socket, with the JDK's own channels: a command starts faster without Netty. */
public final class GatewayClient {

    /** The daemon did not answer in time. */
    public static final class TooLate extends IOException {
        private static final long serialVersionUID = 1;

        TooLate(Duration timeout) {
            super("no answer within " + timeout.toMillis() + " ms");
        }
    }

    private final Path socket;
    private final Duration timeout;

    /** A client of this socket that waits so long for each answer, all in all. */
    public GatewayClient(Path socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
    }

    /**
     * Sends one request and reads one reply. Blocks, at most for the timeout.
     *
     * @param request a whole frame
     * @throws IOException if no daemon serves the socket, if its backlog is full, or if it does not answer in time
     * @throws FrameException if the reply cannot be read
     */
    public Reply ask(byte[] request) throws IOException, FrameException {
        long end = System.nanoTime() + timeout.toNanos();
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                var selector = Selector.open()) {
            channel.configureBlocking(false); // else connect(2) waits for as long as a full backlog stays full
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(request));
            channel.register(selector, SelectionKey.OP_READ);
            var in = ByteBuffer.allocate(FrameLimits.HEADER + FrameLimits.REPLY_BODY);
            while (in.position() < FrameLimits.HEADER || in.position() < wholeFrame(in)) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0 || selector.select(left) == 0) {
                    throw new TooLate(timeout);
                }
                selector.selectedKeys().clear();
                if (channel.read(in) <= 0) {
                    throw new IOException("the daemon closed after " + in.position() + " bytes of its reply");
                }
            }
            return Reply.decode(Arrays.copyOf(in.array(), in.position()));
        }
    }

    private static int wholeFrame(ByteBuffer in) {
        return FrameLimits.HEADER
                + Math.min(FrameLimits.REPLY_BODY, Short.toUnsignedInt(in.getShort(FrameLimits.LENGTH_OFFSET)));
    }
}
