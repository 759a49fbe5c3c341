package io.adoptd.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adoptd.gateway.config.ConfigException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.assertj.core.api.InstanceOfAssertFactories;
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
    void inheritedSocketThatListensElsewhereIsAConfigurationFault(@TempDir Path dir) throws Exception {
        Path here = dir.resolve("gateway.sock");
        Path link = Files.createSymbolicLink(dir.resolve("link"), dir);
        try (var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(here));
            var inherited = new ServiceManager(null, descriptorAt(here));

            inherited.checkListensAt(here);
            inherited.checkListensAt(link.resolve("gateway.sock"));
            assertThatThrownBy(() -> inherited.checkListensAt(dir.resolve("other.sock")))
                    .isInstanceOfSatisfying(
                            ConfigException.class,
                            fault -> assertThat(fault.faults())
                                    .singleElement(InstanceOfAssertFactories.STRING)
                                    .contains("other.sock", here.toString(), "ListenStream"));
        }
        new ServiceManager(null, ServiceManager.NONE).checkListensAt(dir.resolve("other.sock"));
    }

    private static int descriptorAt(Path socket) throws IOException {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .map(descriptor -> Integer.parseInt(descriptor.getFileName().toString()))
                    .filter(descriptor -> {
                        try {
                            return ServiceManager.pathOf(descriptor).equals(socket);
                        } catch (IOException another) {
                            return false;
                        }
                    })
                    .findFirst()
                    .orElseThrow();
        }
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
