package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of this machine, read with their bounds, each stamped before it is read. Blocking. */
final class DiskFiles implements ConfFiles {

    static final int MAX_FILE = 1 << 20;

    private final List<FileStamp> stamps = new ArrayList<>();

    @Override
    public String text(Path file) throws IOException {
        stamps.add(FileStamp.of(file));
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("not a regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE + 1);
            if (bytes.length > MAX_FILE) {
                throw new IOException("more than " + MAX_FILE + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** What has been asked for so far, as it was just before. */
    List<FileStamp> stamps() {
        return List.copyOf(stamps);
    }
}
