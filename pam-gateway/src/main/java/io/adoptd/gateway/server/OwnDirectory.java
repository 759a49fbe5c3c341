package io.adoptd.gateway.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/** A directory that only the daemon's user may write. */
final class OwnDirectory {

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private OwnDirectory() {}

    /**
     * Makes it when it is missing, and looks at it in any case. Blocks.
     *
     * @param permissions when it is made, as {@code ls} shows them
     * @throws IOException when it cannot be made, or somebody else may write it
     */
    static void prepare(Path directory, int ownUid, String permissions) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
        }
        var attributes = Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        boolean othersWrite = attributes.permissions().stream().anyMatch(OTHERS_WRITE::contains);
        Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory() || othersWrite || !Objects.equals(owner, ownUid)) {
            throw new IOException(
                    directory + ": expected a directory that uid " + ownUid + " owns and nobody else may write");
        }
    }
}
