package io.adoptd.gateway;

import io.adoptd.gateway.config.ConfigException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    /** The columns of /proc/net/unix, proc(5), and what its flags are of a socket that listens. */
    private static final int COLUMNS = 8;

    private static final int FLAGS = 3;
    private static final int INODE = 6;
    private static final int PATH = 7;
    private static final String LISTENING = "00010000";

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

    /**
     * Holds the socket that systemd passed against the configuration. Reads {@code /proc}; for the start only.
     *
     * @throws ConfigException if it listens at another path: the module would ask where no daemon answers
     * @throws IOException if the kernel does not tell
     */
    void checkListensAt(Path socket) throws ConfigException, IOException {
        if (listeningSocket == NONE) {
            return;
        }
        Path actual = pathOf(listeningSocket);
        if (!socket.equals(actual) && !(Files.exists(socket) && Files.isSameFile(socket, actual))) {
            throw new ConfigException(List.of("socket = " + socket + ": expected " + actual
                    + ", where the socket that systemd passed listens (ListenStream of adoptd.socket)"));
        }
    }

    /**
     * The path that a listening Unix socket of this process is bound to.
     *
     * @throws IOException if the descriptor is not such a socket
     */
    static Path pathOf(int descriptor) throws IOException {
        String name =
                Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
        try (var sockets = Files.lines(Path.of("/proc/self/net/unix"), StandardCharsets.UTF_8)) {
            return sockets.map(line -> line.strip().split("\\s+", COLUMNS))
                    .filter(columns -> columns.length == COLUMNS
                            && columns[FLAGS].equals(LISTENING)
                            && name.equals("socket:[" + columns[INODE] + "]"))
                    .map(columns -> Path.of(columns[PATH]))
                    .findFirst()
                    .orElseThrow(() -> new IOException("descriptor " + descriptor + " (" + name
                            + "): expected a Unix socket that listens at a path"));
        }
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
