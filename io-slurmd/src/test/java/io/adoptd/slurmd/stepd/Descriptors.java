package io.adoptd.slurmd.stepd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The descriptors of this process. */
final class Descriptors {

    private static final Path OWN = Path.of("/proc/self/fd");

    private Descriptors() {}

    static long count() {
        try (Stream<Path> open = Files.list(OWN)) {
            return open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean isOpen(int fd) {
        return Files.isSymbolicLink(OWN.resolve(Integer.toString(fd)));
    }
}
