package io.adoptd.bench.sim;

import io.adoptd.slurmd.auth.AuthInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A munged with a key and a directory of its own, beside whatever the machine has. Closing it ends it. */
public final class OwnMunged implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path home;
    private final Process process;

    private OwnMunged(Path home, Process process) {
        this.home = home;
        this.process = process;
    }

    /** Starts one, and returns when it listens. */
    public static OwnMunged start() throws IOException, InterruptedException {
        Path home = Files.createTempDirectory(
                "adoptd-munged", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Path key = Files.write(home.resolve("key"), new SecureRandom().generateSeed(32));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        var munged = new OwnMunged(
                home,
                new ProcessBuilder(
                                "munged",
                                "--foreground",
                                "--force",
                                "--key-file=" + key,
                                "--socket=" + home.resolve("socket"),
                                "--pid-file=" + home.resolve("pid"),
                                "--log-file=" + home.resolve("log"),
                                "--seed-file=" + home.resolve("seed"))
                        .redirectErrorStream(true)
                        .redirectOutput(home.resolve("output").toFile())
                        .start());
        try {
            munged.awaitSocket();
        } catch (IOException | InterruptedException | RuntimeException e) {
            munged.close();
            throw e;
        }
        return munged;
    }

    private void awaitSocket() throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.exists(home.resolve("pid"))) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("munged does not start: " + Files.readString(home.resolve("output")));
            }
            Thread.sleep(10);
        }
    }

    /** What slurm.conf would say of it. */
    public AuthInfo authInfo() {
        return AuthInfo.parse("socket=" + home.resolve("socket"));
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
