package io.adoptd.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {

    @Test
    void withoutSystemdThereIsNothing() throws IOException {
        ServiceManager nobody = ServiceManager.of(Map.of(), 7);
        assertThat(nobody.listeningSocket()).isEqualTo(ServiceManager.NONE);
        nobody.ready();
    }

    @Test
    void theSocketIsTakenOnlyWhenItIsMeantForThisProcess() throws IOException {
        assertThat(ServiceManager.of(Map.of("LISTEN_FDS", "1", "LISTEN_PID", "7"), 7)
                        .listeningSocket())
                .isEqualTo(3);
        assertThat(ServiceManager.of(Map.of("LISTEN_FDS", "1", "LISTEN_PID", "8"), 7)
                        .listeningSocket())
                .isEqualTo(ServiceManager.NONE);
        assertThatThrownBy(() -> ServiceManager.of(Map.of("LISTEN_FDS", "2", "LISTEN_PID", "7"), 7))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("expected the one socket");
    }

    @Test
    void systemdIsToldWhenTheDaemonServes(@TempDir Path dir) throws IOException {
        try (UnixDatagramChannel systemd = UnixDatagramChannel.open()) {
            String path = dir.resolve("notify").toString();
            systemd.bind(new UnixSocketAddress(path));
            ServiceManager.of(Map.of("NOTIFY_SOCKET", path), 7).ready();
            var told = ByteBuffer.allocate(64);
            systemd.receive(told);
            assertThat(StandardCharsets.US_ASCII.decode(told.flip()).toString()).isEqualTo("READY=1");
        }
    }
}
