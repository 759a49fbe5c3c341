package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file as it was at some time; another stamp means that it may have changed since.
 *
 * @param state device and inode, size, and when its content and its inode changed last; empty while it is missing
 */
record FileStamp(Path file, Map<String, Object> state) {

    private static final String STATE = "unix:fileKey,size,lastModifiedTime,ctime";

    static FileStamp of(Path file) {
        try {
            return new FileStamp(file, Files.readAttributes(file, STATE));
        } catch (IOException e) {
            return new FileStamp(file, Map.of());
        }
    }

    boolean isOutdated() {
        return !equals(of(file));
    }
}
