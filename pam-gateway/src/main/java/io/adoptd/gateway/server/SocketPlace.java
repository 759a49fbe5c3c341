package io.adoptd.gateway.server;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/** The place of the gateway's socket: a directory that only its owner may write, and no other daemon's socket in it. */
final class SocketPlace {

    private SocketPlace() {}

    /**
     * Makes the place ready to bind: the directory is made when it is missing, a socket that nobody serves is removed.
     * Blocks; for the start of the daemon only.
     *
     * @param ownUid the daemon's effective uid, which has to own the directory
     * @throws IOException saying what is wrong with the place
     */
    static void prepare(Path socket, int ownUid) throws IOException {
        Path directory = socket.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IOException(socket + ": expected a file in a directory");
        }
        OwnDirectory.prepare(directory, ownUid, "rwxr-xr-x");
        removeStale(socket);
    }

    /** Only root, or whom the daemon runs as, may connect. */
    static void close(Path socket) throws IOException {
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }

    private static void removeStale(Path socket) throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(socket, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new IOException(socket + ": is there and is no socket");
        }
        try (var other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.connect(UnixDomainSocketAddress.of(socket));
            throw new IOException(socket + ": another daemon serves it");
        } catch (ConnectException nobody) {
            Files.delete(socket);
        }
    }
}
