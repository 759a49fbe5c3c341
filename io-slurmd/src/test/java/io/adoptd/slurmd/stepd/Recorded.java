package io.adoptd.slurmd.stepd;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** One recorded conversation: {@code wire/<release>/stepd-<name>.hex}. */
final class Recorded {

    /** The words that were said. */
    final List<Integer> client;

    /** The bytes that came, all of them. */
    final byte[] stepd;

    private Recorded(List<Integer> client, byte[] stepd) {
        this.client = client;
        this.stepd = stepd;
    }

    static Recorded of(String release, String name) {
        String resource = "/wire/" + release + "/stepd-" + name + ".hex";
        try (InputStream in = Recorded.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new AssertionError("no recording " + resource);
            }
            return read(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** All conversations, of all releases. */
    static Stream<Recorded> all() {
        try (Stream<Path> files = Files.walk(directory())) {
            return files
                    .filter(file -> file.getFileName().toString().matches("stepd-.*\\.hex"))
                    .map(Recorded::text)
                    .map(Recorded::read)
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Recorded read(String text) {
        var client = new ByteArrayOutputStream();
        var stepd = new ByteArrayOutputStream();
        ByteArrayOutputStream speaker = client;
        for (String line : text.lines().toList()) {
            if (line.equals("# C")) {
                speaker = client;
            } else if (line.equals("# S")) {
                speaker = stepd;
            } else if (!line.startsWith("#")) {
                speaker.writeBytes(HexFormat.ofDelimiter(" ").parseHex(line.strip()));
            }
        }
        ByteBuffer words = ByteBuffer.wrap(client.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        int[] said = new int[words.remaining() / Integer.BYTES];
        words.asIntBuffer().get(said);
        return new Recorded(Arrays.stream(said).boxed().toList(), stepd.toByteArray());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path directory() {
        URL wire = Objects.requireNonNull(Recorded.class.getResource("/wire"), "no recordings");
        try {
            return Path.of(wire.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
