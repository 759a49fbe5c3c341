package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns the text of a slurm.conf into a {@link SlurmConf}. Unlike Slurm it passes over keys that it does not know, and
 * what follows them: a newer release may have added them. Source: Slurm src/common/parse_config.c.
 */
final class SlurmConfReader {

    // A cluster of 20,000 nodes, each with a line of its own, is well within these; so is the daemon's heap of 32 MiB.
    static final int MAX_INCLUDE_DEPTH = 10;
    static final int MAX_LINES = 50_000;
    static final int MAX_TEXT = 4 << 20;
    static final int MAX_NODES = 65_536;
    static final int MAX_NODE_CHARACTERS = 4 << 20;
    static final int MAX_PAIRS = 1_000;

    private static final Pattern INCLUDE = Pattern.compile("include\\s+(\\S+)\\s*+", Pattern.CASE_INSENSITIVE);
    private static final String KEY = "\\s*+([A-Za-z0-9_.]++)\\s*+[-*+/]?=";
    private static final Pattern BEGINNING = Pattern.compile(KEY);

    /** A quotation mark that opens no quoted string is a letter like any other. */
    private static final Pattern PAIR = Pattern.compile(KEY + "\\s*+(?:\"([^\"]*+)\"|(\\S++))(?=\\s|$)");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

    private final ConfFiles files;
    private final Function<String, Optional<Uid>> users;

    /**
     * @param files where the text of the file and of its includes comes from
     * @param users the uid of a user name; empty for nobody's
     */
    SlurmConfReader(ConfFiles files, Function<String, Optional<Uid>> users) {
        this.files = files;
        this.users = users;
    }

    SlurmConf read(Path file) throws SlurmConfException {
        var reading = new Reading(file);
        reading.readMain();
        return reading.conf();
    }

    private record Pair(String key, String value) {}

    /** One slurm.conf being read, line after line; of two lines with one key the later one holds. */
    private final class Reading {

        private final Path main;
        private long lines;
        private int length;

        private @Nullable String clusterName;
        private int slurmdPort = SlurmConf.DEFAULT_SLURMD_PORT;
        private String slurmdSpoolDir = SlurmConf.DEFAULT_SPOOL_DIR;
        private @Nullable Uid slurmUser = new Uid(0);
        private @Nullable Uid slurmdUser = new Uid(0);
        private String authType = SlurmConf.DEFAULT_AUTH_TYPE;
        private AuthInfo authInfo = AuthInfo.DEFAULT;
        private long maxNodeCount;
        private @Nullable String defaultPort;
        private final List<NodeLine> nodeLines = new ArrayList<>();

        Reading(Path main) {
            this.main = main;
        }

        SlurmConf conf() throws SlurmConfException {
            if (clusterName == null) {
                throw SlurmConfException.inFile(main, "no ClusterName: Slurm needs one, so this is not all of it");
            }
            return new SlurmConf(
                    main,
                    clusterName,
                    slurmdPort,
                    slurmdSpoolDir,
                    slurmUser,
                    slurmdUser,
                    authType,
                    authInfo,
                    maxNodeCount,
                    nodes());
        }

        void readMain() throws SlurmConfException {
            read(main, textIfThere(main).orElseThrow(() -> missing(main)), 0);
        }

        private void read(Path file, String text, int depth) throws SlurmConfException {
            length += text.length();
            if (length > MAX_TEXT) {
                throw SlurmConfException.inFile(file, "more than " + MAX_TEXT + " characters with its includes");
            }
            lines += 1 + text.chars().filter(c -> c == '\n').count();
            if (lines > MAX_LINES) {
                throw SlurmConfException.inFile(file, "more than " + MAX_LINES + " lines with its includes");
            }
            if (text.indexOf('\0') >= 0) {
                throw SlurmConfException.inFile(file, "a NUL in it: no text, or one half-written");
            }
            for (ConfLine line : ConfLine.of(file, text)) {
                readLine(line, depth);
            }
        }

        private Optional<String> textIfThere(Path file) throws SlurmConfException {
            try {
                return Optional.of(files.text(file));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (IOException e) {
                throw SlurmConfException.unread(file, "cannot be read: " + e);
            }
        }

        private static SlurmConfException missing(Path file) {
            return SlurmConfException.unread(file, "no such file");
        }

        private void readLine(ConfLine line, int depth) throws SlurmConfException {
            Matcher include = INCLUDE.matcher(line.text());
            if (include.matches()) {
                if (depth == MAX_INCLUDE_DEPTH) {
                    throw SlurmConfException.inLine(line, "more than " + MAX_INCLUDE_DEPTH + " includes in each other");
                }
                readIncluded(line, include.group(1), depth + 1);
            } else {
                readKey(line);
            }
        }

        /** A path is relative to the main file's directory, and up to Slurm 22.05 to that of the file it stands in. */
        private void readIncluded(ConfLine line, String path, int depth) throws SlurmConfException {
            String expanded = expanded(line, path);
            Path file = beside(main, line, expanded);
            Path older = beside(line.file(), line, expanded);
            Optional<String> text = textIfThere(file);
            if (text.isEmpty() && !older.equals(file)) {
                text = textIfThere(older);
                file = older;
            }
            Path found = file;
            read(found, text.orElseThrow(() -> missing(found)), depth);
        }

        private String expanded(ConfLine line, String path) throws SlurmConfException {
            if (path.contains("%c") && clusterName == null) {
                throw SlurmConfException.inLine(line, "%c before any ClusterName");
            }
            return path.replace("%c", String.valueOf(clusterName).toLowerCase(Locale.ROOT));
        }

        private static Path beside(Path file, ConfLine line, String path) throws SlurmConfException {
            try {
                return file.resolveSibling(path);
            } catch (InvalidPathException e) {
                throw SlurmConfException.inLine(line, "not a path");
            }
        }

        private void readKey(ConfLine line) throws SlurmConfException {
            Matcher beginning = BEGINNING.matcher(line.text());
            if (!beginning.lookingAt()) {
                throw SlurmConfException.inLine(line, "not key=value");
            }
            switch (beginning.group(1).toLowerCase(Locale.ROOT)) {
                case "clustername" -> clusterName = only(line);
                case "maxnodecount" -> maxNodeCount = number(line, only(line));
                case "slurmdport" -> slurmdPort = port(line, only(line));
                case "slurmdspooldir" -> slurmdSpoolDir = spoolDir(line, only(line));
                case "slurmuser" -> slurmUser = user(line, only(line));
                case "slurmduser" -> slurmdUser = user(line, only(line));
                case "authtype" -> authType = only(line);
                case "authinfo" -> authInfo = AuthInfo.parse(onlyIfAny(line));
                case "nodename" -> readNodes(line);
                default -> {
                    // Not one that adoptd needs, or one of a Slurm to come.
                }
            }
        }

        private void readNodes(ConfLine line) throws SlurmConfException {
            List<Pair> pairs = pairs(line);
            String names = pairs.get(0).value();
            String hostnames = null;
            String addresses = null;
            String ports = null;
            for (Pair pair : pairs.subList(1, pairs.size())) {
                switch (pair.key()) {
                    case "nodename" -> throw SlurmConfException.inLine(line, "more than one NodeName");
                    case "nodehostname" -> hostnames = pair.value();
                    case "nodeaddr" -> addresses = pair.value();
                    case "port" -> ports = pair.value();
                    default -> {
                        // What the node has is not what adoptd asks.
                    }
                }
            }
            if (names.equalsIgnoreCase("ALL")) {
                throw SlurmConfException.inLine(line, "ALL is no NodeName");
            }
            if (names.equalsIgnoreCase("DEFAULT")) {
                if (hostnames != null || addresses != null) {
                    throw SlurmConfException.inLine(line, "no NodeHostname or NodeAddr for DEFAULT");
                }
                defaultPort = ports == null ? defaultPort : ports;
            } else {
                nodeLines.add(new NodeLine(line, names, hostnames, addresses, ports == null ? defaultPort : ports));
            }
        }

        /** Only now, for SlurmdPort may stand below. */
        private List<SlurmNode> nodes() throws SlurmConfException {
            var nodes = new ArrayList<SlurmNode>();
            var names = new HashSet<NodeName>();
            long characters = 0;
            for (NodeLine line : nodeLines) {
                int before = nodes.size();
                line.addTo(nodes, names, slurmdPort);
                characters += nodes.subList(before, nodes.size()).stream()
                        .mapToLong(node ->
                                node.hostname().length() + node.address().length())
                        .sum();
                if (characters > MAX_NODE_CHARACTERS) {
                    throw SlurmConfException.inLine(
                            line.line(), "more than " + MAX_NODE_CHARACTERS + " characters in names of nodes");
                }
            }
            return nodes;
        }

        private @Nullable Uid user(ConfLine line, String nameOrUid) throws SlurmConfException {
            if (!nameOrUid.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return users.apply(nameOrUid).orElse(null);
            }
            try {
                return new Uid(Long.parseLong(nameOrUid));
            } catch (IllegalArgumentException e) {
                throw SlurmConfException.inLine(line, "not a uid");
            }
        }
    }

    /** A line of nodes, its lists not yet expanded; null for what it does not say. */
    private record NodeLine(
            ConfLine line,
            String names,
            @Nullable String hostnames,
            @Nullable String addresses,
            @Nullable String ports) {

        void addTo(List<SlurmNode> nodes, Set<NodeName> known, int slurmdPort) throws SlurmConfException {
            List<String> nameList = expand("NodeName", names);
            if (nodes.size() + nameList.size() > MAX_NODES) {
                throw SlurmConfException.inLine(line, "more than " + MAX_NODES + " nodes");
            }
            List<String> hostnameList =
                    hostnames == null ? nameList : perNode("NodeHostname", hostnames, nameList.size());
            List<String> addressList =
                    addresses == null ? hostnameList : perNode("NodeAddr", addresses, nameList.size());
            List<String> portList = ports == null || ports.isEmpty()
                    ? List.of(Integer.toString(slurmdPort))
                    : perNode("Port", inBrackets(ports), nameList.size());
            for (int at = 0; at < nameList.size(); at++) {
                NodeName name = name(nameList.get(at));
                if (!known.add(name)) {
                    throw SlurmConfException.inLine(line, "NodeName " + name + " for the second time");
                }
                nodes.add(new SlurmNode(
                        name, ofNode(at, hostnameList), ofNode(at, addressList), port(line, ofNode(at, portList))));
            }
        }

        private NodeName name(String name) throws SlurmConfException {
            if (!NodeName.isNodeName(name)) {
                throw SlurmConfException.inLine(line, "not a NodeName");
            }
            return new NodeName(name);
        }

        /** Of ports a range needs no brackets. */
        private static String inBrackets(String ports) {
            return ports.startsWith("[") ? ports : "[" + ports + "]";
        }

        /** One for each node, or one for all of them. */
        private List<String> perNode(String key, String list, int count) throws SlurmConfException {
            List<String> values = expand(key, list);
            if (values.size() != count && values.size() != 1) {
                throw SlurmConfException.inLine(line, values.size() + " in " + key + " for " + count + " nodes");
            }
            return values;
        }

        private static String ofNode(int at, List<String> values) {
            return values.get(values.size() == 1 ? 0 : at);
        }

        private List<String> expand(String key, String list) throws SlurmConfException {
            try {
                List<String> values = HostList.expand(list);
                if (values.isEmpty()) {
                    throw SlurmConfException.inLine(line, key + " names nothing");
                }
                return values;
            } catch (IllegalArgumentException e) {
                throw SlurmConfException.inLine(line, key + ": " + e.getMessage());
            }
        }
    }

    /** The value of a line that may hold one key only. */
    private static String only(ConfLine line) throws SlurmConfException {
        String value = onlyIfAny(line);
        if (value.isEmpty()) {
            throw SlurmConfException.inLine(line, "no value");
        }
        return value;
    }

    /** The same where {@code ""} is a value. */
    private static String onlyIfAny(ConfLine line) throws SlurmConfException {
        List<Pair> pairs = pairs(line);
        if (pairs.size() != 1) {
            throw SlurmConfException.inLine(line, "more than one key");
        }
        return pairs.get(0).value();
    }

    private static List<Pair> pairs(ConfLine line) throws SlurmConfException {
        var pairs = new ArrayList<Pair>();
        Matcher matcher = PAIR.matcher(line.text().stripTrailing());
        while (matcher.regionStart() < matcher.regionEnd()) {
            if (!matcher.lookingAt()) {
                throw SlurmConfException.inLine(line, "not key=value");
            }
            String value = matcher.group(2) == null ? matcher.group(3) : matcher.group(2);
            if (pairs.size() == MAX_PAIRS) {
                throw SlurmConfException.inLine(line, "more than " + MAX_PAIRS + " keys");
            }
            pairs.add(new Pair(matcher.group(1).toLowerCase(Locale.ROOT), value));
            matcher.region(matcher.end(), matcher.regionEnd());
        }
        return pairs;
    }

    private static int port(ConfLine line, String port) throws SlurmConfException {
        long number = NUMBER.matcher(port).matches() ? Long.parseLong(port) : 0;
        if (number < 1 || number > 65_535) {
            throw SlurmConfException.inLine(line, "not a port: " + port);
        }
        return (int) number;
    }

    private static long number(ConfLine line, String value) throws SlurmConfException {
        if (!NUMBER.matcher(value).matches()) {
            throw SlurmConfException.inLine(line, "not a number: " + value);
        }
        return Long.parseLong(value);
    }

    private static String spoolDir(ConfLine line, String path) throws SlurmConfException {
        if (!path.startsWith("/")) {
            throw SlurmConfException.inLine(line, "not an absolute path");
        }
        return path;
    }
}
