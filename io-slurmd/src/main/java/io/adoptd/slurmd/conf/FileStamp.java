package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;

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

    /**
     * Whether somebody was at the file just now: its content or its inode changed within {@code span} of {@code now}, or,
     * while it is missing, its directory did. The clock of a file server may be some way off.
     */
    boolean isFresh(Instant now, Duration span) {
        Map<String, Object> changed = state.isEmpty() && file.getParent() != null
                ? of(file.getParent()).state()
                : state;
        return Stream.of("lastModifiedTime", "ctime")
                .map(changed::get)
                .anyMatch(at -> at instanceof FileTime time
                        && Duration.between(time.toInstant(), now).abs().compareTo(span) < 0);
    }
}
