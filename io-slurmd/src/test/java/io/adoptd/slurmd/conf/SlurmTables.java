package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tables that the real Slurm is held to as well; what stands in them is said at their heads. */
final class SlurmTables {

    private static final Path DIRECTORY = Path.of("/etc/slurm");
    private static final String HEADER = "ClusterName=Lab\nSlurmctldHost=login\nSlurmUser=slurm\n";

    private SlurmTables() {}

    /** A slurm.conf, the names of a host, and where adoptd has to look. */
    static final class NodeCase implements ConfFiles {

        static final Path MAIN = DIRECTORY.resolve("slurm.conf");

        private final String name;
        private final Map<Path, String> files = new HashMap<>();
        private final List<String> hosts = new ArrayList<>();
        private final Map<String, String> words = new HashMap<>();
        private Path file = MAIN;

        private NodeCase(String name) {
            this.name = name;
        }

        private void add(String line) {
            String value = line.substring(line.indexOf(' ') + 1);
            if (line.startsWith("|")) {
                files.merge(file, line.substring(1) + "\n", String::concat);
            } else if (line.startsWith("file ")) {
                file = DIRECTORY.resolve(value.replaceFirst("^bare ", ""));
                files.put(file, value.equals("slurm.conf") ? HEADER : "");
            } else if (line.startsWith("hosts ")) {
                hosts.add(value);
            } else if (!line.isEmpty()) {
                words.put(line.substring(0, line.indexOf(' ')), value);
            }
        }

        String host() {
            return words.getOrDefault("host", "c1");
        }

        @Nullable
        String nodename() {
            return words.get("nodename");
        }

        String expected() {
            String expected = words.containsKey("both") ? words.get("both") : words.get("adoptd");
            return Objects.requireNonNull(expected, name);
        }

        /** What a name service makes of the lines for {@code /etc/hosts}: the canonical name first. */
        List<String> namesOf(String hostname) {
            return hosts.stream()
                    .map(line -> Arrays.asList(line.split(" ", -1)))
                    .map(words -> words.subList(1, words.size()))
                    .filter(names -> names.contains(hostname))
                    .flatMap(List::stream)
                    .toList();
        }

        @Override
        public String text(Path asked) throws IOException {
            String text = files.get(asked);
            if (text == null) {
                throw new NoSuchFileException(asked.toString());
            }
            return text;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<NodeCase> nodes() {
        var cases = new ArrayList<NodeCase>();
        lines("nodes.txt").forEach(line -> {
            if (line.startsWith("= ")) {
                cases.add(new NodeCase(line.substring(2)));
            } else {
                cases.get(cases.size() - 1).add(line);
            }
        });
        return cases;
    }

    /** A host list expression, and the names that it is to adoptd, or {@code refused}. */
    record HostListRow(String expression, String names) {}

    static Stream<HostListRow> hostLists() {
        return lines("hostlists.txt").map(line -> {
            List<String> columns =
                    Stream.of(line.split(" \\| ", -1)).map(String::strip).toList();
            String ours = columns.get(columns.size() - 1);
            return new HostListRow(
                    columns.get(0), ours.startsWith("adoptd: ") ? ours.substring("adoptd: ".length()) : columns.get(1));
        });
    }

    private static Stream<String> lines(String table) {
        try (InputStream in = SlurmTables.class.getResourceAsStream("/conf/" + table)) {
            if (in == null) {
                throw new AssertionError("no table " + table);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .dropWhile(line -> line.startsWith("#"))
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
