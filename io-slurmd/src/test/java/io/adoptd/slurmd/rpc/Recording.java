package io.adoptd.slurmd.rpc;

import static java.util.stream.Collectors.joining;

import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Mangled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Bytes that went over a real wire, as {@code wire/<version>/<name>.hex} keeps them: lines of hex, and before them lines
 * with a # that say where they come from.
 *
 * @param version of the Slurm that sent or took them
 * @param head the lines that say so, as one
 */
record Recording(String version, String name, String head, Bytes bytes) {

    private static final Pattern PAYLOAD = Pattern.compile("uid root \\(0\\), .*payload ([0-9a-f]+)$");

    /** All RPCs, of all versions. */
    static Stream<Recording> rpcs() {
        try (Stream<Path> files = Files.walk(directory())) {
            return files
                    .filter(file -> file.getFileName().toString().matches("rpc-.*\\.hex"))
                    .map(Recording::read)
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isRequest() {
        return name.endsWith("-request");
    }

    /** Whether it is of this exchange, in whichever word. */
    boolean isOf(String exchange) {
        return name.matches("rpc-" + exchange + "(-word-[0-9a-f]{4})?-(request|reply)");
    }

    /** What munge found in its credential when it was recorded. */
    Optional<Bytes> payload() {
        Matcher found = PAYLOAD.matcher(head);
        return found.find() ? Optional.of(Mangled.hex(found.group(1))) : Optional.empty();
    }

    @Override
    public String toString() {
        return version + " " + name;
    }

    private static Recording read(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            String name = file.getFileName().toString().replace(".hex", "");
            String head = lines.stream()
                    .filter(line -> line.startsWith("#"))
                    .map(line -> line.substring(1).strip())
                    .collect(joining(" "));
            String hex = lines.stream().filter(line -> !line.startsWith("#")).collect(joining());
            return new Recording(parent(file), name, head, Mangled.hex(hex));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String parent(Path file) {
        return Objects.requireNonNull(file.getParent()).getFileName().toString();
    }

    private static Path directory() {
        URL wire = Objects.requireNonNull(Recording.class.getResource("/wire"), "no recordings");
        try {
            return Path.of(wire.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
