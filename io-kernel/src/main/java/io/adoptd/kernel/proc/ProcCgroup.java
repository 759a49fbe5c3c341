package io.adoptd.kernel.proc;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * {@code /proc/PID/cgroup}: where the process is in each hierarchy; cgroups(7). Paths are as the reader's cgroup
 * namespace sees them.
 */
public record ProcCgroup(List<Line> lines) {

    /** What the kernel adds to a path whose cgroup has been removed under an ended process. */
    private static final String DELETED = " (deleted)";

    public ProcCgroup {
        lines = List.copyOf(lines);
    }

    /**
     * One hierarchy.
     *
     * @param hierarchy 0 is cgroup v2
     * @param controllers what is mounted together there, {@code name=…} for a hierarchy without; empty for v2
     * @param path from the hierarchy's root, without the mark of a removed cgroup
     * @param deleted whether it had that mark: a user who may make cgroups can also make one of such a name
     */
    public record Line(int hierarchy, List<String> controllers, String path, boolean deleted) {

        public Line {
            controllers = List.copyOf(controllers);
        }

        /** As in the file. */
        @Override
        public String toString() {
            return hierarchy + ":" + String.join(",", controllers) + ":" + path + (deleted ? DELETED : "");
        }
    }

    /** The hierarchy that has this v1 controller; empty when it is not mounted. */
    public Optional<Line> of(String controller) {
        for (Line line : lines) {
            if (line.controllers().contains(controller)) {
                return Optional.of(line);
            }
        }
        return Optional.empty();
    }

    /** The v2 hierarchy; empty when it is not mounted. */
    public Optional<Line> unified() {
        for (Line line : lines) {
            if (line.hierarchy() == 0) {
                return Optional.of(line);
            }
        }
        return Optional.empty();
    }

    /**
     * Reads the whole file. The kernel lets no cgroup have a line end in its name; colons, spaces and anything else may
     * occur.
     */
    public static ProcCgroup parse(String text) throws ProcException {
        if (!text.endsWith("\n")) {
            throw new ProcException("cgroup: no line, or one without its end", text);
        }
        var lines = new ArrayList<Line>();
        var seen = new HashSet<Object>(); // numbers of hierarchies and names of controllers
        for (int begin = 0; begin < text.length(); ) {
            int end = text.indexOf('\n', begin);
            String line = text.substring(begin, end);
            begin = end + 1;
            Line parsed = line(line);
            lines.add(parsed);
            if (!seen.add(parsed.hierarchy())) {
                throw new ProcException("cgroup: a hierarchy that was there before", line);
            }
            for (String controller : parsed.controllers()) {
                if (!seen.add(controller)) {
                    throw new ProcException("cgroup: a controller that was there before", line);
                }
            }
        }
        return new ProcCgroup(lines);
    }

    private static Line line(String line) throws ProcException {
        int first = line.indexOf(':');
        int second = line.indexOf(':', first + 1);
        if (first < 0 || second < 0 || !line.startsWith("/", second + 1)) {
            throw new ProcException("cgroup: not hierarchy:controllers:/path", line);
        }
        int hierarchy = hierarchy(line.substring(0, first), line);
        List<String> controllers = controllers(line.substring(first + 1, second));
        if (controllers.contains("") || controllers.isEmpty() != (hierarchy == 0)) {
            throw new ProcException("cgroup: v2 has no controllers here, v1 has", line);
        }
        boolean deleted = line.endsWith(DELETED);
        String path = line.substring(second + 1, line.length() - (deleted ? DELETED.length() : 0));
        return new Line(hierarchy, controllers, path, deleted);
    }

    private static List<String> controllers(String names) {
        if (names.isEmpty()) {
            return List.of();
        }
        return names.indexOf(',') < 0 ? List.of(names) : List.of(names.split(",", -1));
    }

    private static int hierarchy(String number, String line) throws ProcException {
        if (number.length() > 9 || !Digits.are(number)) {
            throw new ProcException("cgroup: not a hierarchy number", line);
        }
        return Integer.parseInt(number);
    }
}
