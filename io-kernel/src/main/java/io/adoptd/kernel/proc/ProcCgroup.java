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
        return lines.stream()
                .filter(line -> line.controllers().contains(controller))
                .findFirst();
    }

    /** The v2 hierarchy; empty when it is not mounted. */
    public Optional<Line> unified() {
        return lines.stream().filter(line -> line.hierarchy() == 0).findFirst();
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
        var seen = new HashSet<String>();
        for (String line : text.substring(0, text.length() - 1).split("\n", -1)) {
            Line parsed = line(line);
            lines.add(parsed);
            if (!seen.add(Integer.toString(parsed.hierarchy()))) {
                throw new ProcException("cgroup: a hierarchy that was there before", line);
            }
            for (String controller : parsed.controllers()) {
                if (!seen.add("controller " + controller)) {
                    throw new ProcException("cgroup: a controller that was there before", line);
                }
            }
        }
        return new ProcCgroup(lines);
    }

    private static Line line(String line) throws ProcException {
        String[] parts = line.split(":", 3);
        if (parts.length < 3 || !parts[2].startsWith("/")) {
            throw new ProcException("cgroup: not hierarchy:controllers:/path", line);
        }
        int hierarchy = hierarchy(parts[0], line);
        List<String> controllers = parts[1].isEmpty() ? List.of() : List.of(parts[1].split(",", -1));
        if (controllers.contains("") || controllers.isEmpty() != (hierarchy == 0)) {
            throw new ProcException("cgroup: v2 has no controllers here, v1 has", line);
        }
        boolean deleted = parts[2].endsWith(DELETED);
        String path = deleted ? parts[2].substring(0, parts[2].length() - DELETED.length()) : parts[2];
        return new Line(hierarchy, controllers, path, deleted);
    }

    private static int hierarchy(String number, String line) throws ProcException {
        boolean plausible =
                !number.isEmpty() && number.length() <= 9 && number.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!plausible) {
            throw new ProcException("cgroup: not a hierarchy number", line);
        }
        return Integer.parseInt(number);
    }
}
