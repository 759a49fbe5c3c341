package io.adoptd.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What systemd passed to the daemon, and what it is told: sd_listen_fds(3), sd_notify(3). Without systemd both are
 * nothing.
 *
 * @param notifySocket where to tell; null for nobody
 * @param listeningSocket the descriptor of the gateway's socket; −1 for none
 */
record ServiceManager(@Nullable String notifySocket, int listeningSocket) {

    static final int NONE = -1;

    private static final Logger log = LoggerFactory.getLogger(ServiceManager.class);

    /** SD_LISTEN_FDS_START */
    private static final int FIRST_DESCRIPTOR = 3;

    /**
     * Reads what systemd put into the environment.
     *
     * @param pid of this process: what was meant for another is not ours
     * @throws IOException when there are sockets, but not the one that is expected
     */
    static ServiceManager of(Map<String, String> environment, long pid) throws IOException {
        return new ServiceManager(environment.get("NOTIFY_SOCKET"), listeningSocket(environment, pid));
    }

    private static int listeningSocket(Map<String, String> environment, long pid) throws IOException {
        String count = environment.get("LISTEN_FDS");
        if (count == null || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
            return NONE;
        }
        if (!count.equals("1")) {
            throw new IOException("LISTEN_FDS=" + count + ": expected the one socket of adoptd.socket");
        }
        return FIRST_DESCRIPTOR;
    }

    void ready() {
        tell("READY=1");
    }

    void stopping() {
        tell("STOPPING=1");
    }

    /** A datagram, which never waits long: systemd's queue is long, and it is alive or so is nobody. */
    private void tell(String state) {
        if (notifySocket == null) {
            return;
        }
        String address = notifySocket.startsWith("@") ? "\0" + notifySocket.substring(1) : notifySocket;
        try (UnixDatagramChannel channel = UnixDatagramChannel.open()) {
            channel.send(ByteBuffer.wrap(state.getBytes(StandardCharsets.US_ASCII)), new UnixSocketAddress(address));
        } catch (IOException e) {
            log.warn("systemd.untold state={} why=\"{}\"", state, e.toString());
        }
    }
}
