package io.adoptd.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adoptd.gateway.wire.Request;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class GatewayClientTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir
    private Path directory;

    @Test
    @Timeout(30)
    void fullBacklogIsSaidAtOnce() throws Exception {
        Path path = directory.resolve("s");
        var waiting = new ArrayList<SocketChannel>();
        try (ServerSocketChannel server = listening(path)) {
            assertThat(server.isOpen()).isTrue();
            assertThatThrownBy(() -> {
                        while (true) {
                            connect(path, waiting);
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> new GatewayClient(path, LONG).ask(new Request.Ping().encode()))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(GatewayClient.TooLate.class);
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    @Test
    void absentSocketIsSaidAtOnce() {
        assertThatThrownBy(() -> new GatewayClient(directory.resolve("none"), LONG).ask(new Request.Ping().encode()))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(GatewayClient.TooLate.class);
    }

    private static ServerSocketChannel listening(Path path) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path), 1);
    }

    private static void connect(Path path, List<SocketChannel> waiting) throws IOException {
        var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        waiting.add(channel);
        channel.configureBlocking(false);
        channel.connect(UnixDomainSocketAddress.of(path));
    }
}
