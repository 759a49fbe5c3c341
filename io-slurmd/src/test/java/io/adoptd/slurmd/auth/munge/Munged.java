package io.adoptd.slurmd.auth.munge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.slurmd.auth.AuthInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A munged of our own, with a key of its own, in a directory of its own. Closing it ends it, by its pid. */
final class Munged implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path socket;
    private final Process process;

    private Munged(Path socket, Process process) {
        this.socket = socket;
        this.process = process;
    }

    /** Where it is installed, if it is: Debian's package munge puts it where not every PATH looks. */
    static Optional<Path> program() {
        return Stream.concat(Stream.of(System.getenv("PATH").split(":")), Stream.of("/usr/sbin", "/usr/local/sbin"))
                .map(dir -> Path.of(dir, "munged"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Starts one, and returns when it listens. */
    static Munged in(Path dir) throws IOException {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path key = dir.resolve("key");
        Files.write(key, new SecureRandom().generateSeed(32));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Path socket = dir.resolve("socket");
        Path log = dir.resolve("output");
        Process process = new ProcessBuilder(
                        program().orElseThrow().toString(),
                        "--foreground",
                        "--force",
                        "--key-file=" + key,
                        "--socket=" + socket,
                        "--pid-file=" + dir.resolve("pid"),
                        "--log-file=" + dir.resolve("log"),
                        "--seed-file=" + dir.resolve("seed"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        var munged = new Munged(socket, process);
        try {
            await().atMost(PATIENCE).until(() -> !process.isAlive() || listens(socket));
            assertThat(process.isAlive()).as(() -> read(log)).isTrue();
        } catch (RuntimeException | AssertionError e) {
            munged.close();
            throw e;
        }
        return munged;
    }

    AuthInfo authInfo() {
        return AuthInfo.parse("socket=" + socket);
    }

    Path socket() {
        return socket;
    }

    /** SIGSTOP: it keeps its socket and answers nobody. */
    void stop() {
        signal("STOP");
    }

    void goOn() {
        signal("CONT");
    }

    /** SIGKILL: it leaves its socket behind. */
    void kill() {
        process.destroyForcibly();
        await().atMost(PATIENCE).until(() -> !process.isAlive());
    }

    @Override
    public void close() {
        try {
            if (process.isAlive()) {
                goOn();
            }
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void signal(String name) {
        run(List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** What a program printed, which has to end well. */
    static String run(List<String> command) {
        try {
            Process program =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(program.waitFor()).as("%s: %s", command, output).isZero();
            return output.strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean listens(Path socket) {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            return false;
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
