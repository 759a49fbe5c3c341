package io.adoptd.pipeline.policy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What of its job's settings a session may have, as the administrator lists it. Nothing, unless it is listed.
 *
 * <p>A job's variables are its user's words, and the PAM environment is not only the session's: pam_exec and other modules
 * after ours run programs as root with it. So only what {@link JobVariables} names can be listed, and only that is let
 * through by a {@code *}.
 *
 * @param variables names, or beginnings of names with a {@code *} after them; earlier ones go first when there is not room
 *     for all
 * @param limits resource limits by their names in limits.conf(5)
 */
public record Inheritance(List<String> variables, List<String> limits) {

    /** Nothing is listed. */
    public static final Inheritance NOTHING = new Inheritance(List.of(), List.of());

    /** The names of {@link #limits} that may be listed: what getrlimit(2) has, but for {@link #SSHDS_OWN}. */
    public static final Set<String> LIMITS = Set.of(
            "as",
            "core",
            "cpu",
            "data",
            "locks",
            "memlock",
            "msgqueue",
            "nice",
            "nofile",
            "nproc",
            "rss",
            "rtprio",
            "rttime",
            "sigpending",
            "stack");

    /** Most entries of a list. */
    public static final int MOST_LISTED = 64;

    /** Most variables of a session; the frame carries 64, and the decision adds some of its own. */
    static final int MOST_VARIABLES = 60;

    /** Most bytes of a variable, name and value, in UTF-8: what the frame carries. */
    static final int MOST_BYTES = 1_024;

    /** A user who may set it cuts the records that sshd writes as root of their own logins. */
    private static final String SSHDS_OWN = "fsize";

    private static final Pattern NAME = Pattern.compile("[A-Z_][A-Z0-9_]*+");
    private static final Pattern LISTED = Pattern.compile("[A-Z_][A-Z0-9_]*+\\*?");

    /** The decision sets it itself. */
    private static final String OURS = "SLURM_JOB_ID";

    /**
     * @throws IllegalArgumentException saying what was expected instead, if an entry of a list may not stand there
     */
    public Inheritance {
        variables = List.copyOf(variables);
        limits = List.copyOf(limits);
        if (variables.size() > MOST_LISTED || limits.size() > MOST_LISTED) {
            throw new IllegalArgumentException("at most " + MOST_LISTED + " entries");
        }
        variables.forEach(Inheritance::checkVariable);
        limits.forEach(Inheritance::checkLimit);
    }

    private static void checkVariable(String listed) {
        if (!LISTED.matcher(listed).matches()) {
            throw new IllegalArgumentException(
                    "names of capital letters, digits and underscores, each with or without a * at its end, not "
                            + listed);
        }
        if (listed.equals(OURS)) {
            throw new IllegalArgumentException("no " + OURS + ": adoptd sets it itself");
        }
        if (listed.endsWith("*") ? !JobVariables.isBeginning(beginning(listed)) : !JobVariables.isKnown(listed)) {
            throw new IllegalArgumentException(
                    "variables that may be listed, which are " + JobVariables.all(listed) + "; not " + listed);
        }
    }

    private static void checkLimit(String limit) {
        if (limit.equals(SSHDS_OWN)) {
            throw new IllegalArgumentException(
                    "no fsize: it would hold for what sshd writes as root, its records of the login too");
        }
        if (!LIMITS.contains(limit)) {
            throw new IllegalArgumentException("limits out of " + new TreeSet<>(LIMITS) + ", not " + limit);
        }
    }

    /** Whether nothing is listed, so that nobody has to be asked. */
    public boolean isEmpty() {
        return variables.isEmpty() && limits.isEmpty();
    }

    /**
     * The variables that the session gets of a job's environment: those that are listed and may be, with a value of the
     * form that is expected of them, without a control character and of at most {@value #MOST_BYTES} bytes with the name.
     * Of a name that comes twice the first counts, as for getenv(3).
     *
     * @param environ in order, each {@code NAME=VALUE}; anything may be in it
     * @return at most {@value #MOST_VARIABLES}, those first that are listed first, then by name
     */
    public Map<String, String> variablesFrom(List<String> environ) {
        var named = new TreeMap<String, String>();
        for (String variable : environ) {
            int equals = variable.indexOf('=');
            if (equals > 0 && NAME.matcher(variable.substring(0, equals)).matches()) {
                named.putIfAbsent(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        var order = new ArrayList<>(named.entrySet());
        order.removeIf(variable -> rank(variable.getKey()) == variables.size()
                || !isPlain(variable.getKey(), variable.getValue())
                || !JobVariables.isAllowed(variable.getKey(), variable.getValue()));
        order.sort(Comparator.comparingInt(variable -> rank(variable.getKey())));
        var chosen = new LinkedHashMap<String, String>();
        order.stream().limit(MOST_VARIABLES).forEach(variable -> chosen.put(variable.getKey(), variable.getValue()));
        return chosen;
    }

    /** Which entry lists a name first; one past the last when none does. */
    private int rank(String name) {
        int rank = 0;
        while (rank < variables.size() && !covers(variables.get(rank), name)) {
            rank++;
        }
        return rank;
    }

    private static boolean isPlain(String name, String value) {
        return value.codePoints().noneMatch(Inheritance::isUnfit)
                && (name + "=" + value).getBytes(StandardCharsets.UTF_8).length <= MOST_BYTES;
    }

    /** A control character, or half of a character. */
    private static boolean isUnfit(int codePoint) {
        return Character.isISOControl(codePoint) || Character.getType(codePoint) == Character.SURROGATE;
    }

    private static boolean covers(String pattern, String name) {
        return pattern.endsWith("*") ? name.startsWith(beginning(pattern)) : name.equals(pattern);
    }

    private static String beginning(String pattern) {
        return pattern.endsWith("*") ? pattern.substring(0, pattern.length() - 1) : pattern;
    }
}
