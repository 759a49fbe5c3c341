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
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/** The place of the gateway's socket: a directory that only its owner may write, and no other daemon's socket in it. */
final class SocketPlace {

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

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
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        }
        var attributes = Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        boolean othersWrite = attributes.permissions().stream().anyMatch(OTHERS_WRITE::contains);
        Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory() || othersWrite || !Objects.equals(owner, ownUid)) {
            throw new IOException(
                    directory + ": expected a directory that uid " + ownUid + " owns and nobody else may write");
        }
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
