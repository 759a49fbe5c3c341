package io.adoptd.kernel.proc;

import io.adoptd.kernel.limits.Bound;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code /proc/PID/limits}; proc_pid_limits(5). Unlike prlimit(2) it tells another user's to anybody.
 *
 * @param limits what it has lines for
 */
public record ProcLimits(Map<Resource, Limit> limits) {

    private static final Map<String, Resource> LABELS = Map.ofEntries(
            Map.entry("Max cpu time", Resource.CPU),
            Map.entry("Max file size", Resource.FSIZE),
            Map.entry("Max data size", Resource.DATA),
            Map.entry("Max stack size", Resource.STACK),
            Map.entry("Max core file size", Resource.CORE),
            Map.entry("Max resident set", Resource.RSS),
            Map.entry("Max processes", Resource.NPROC),
            Map.entry("Max open files", Resource.NOFILE),
            Map.entry("Max locked memory", Resource.MEMLOCK),
            Map.entry("Max address space", Resource.AS),
            Map.entry("Max file locks", Resource.LOCKS),
            Map.entry("Max pending signals", Resource.SIGPENDING),
            Map.entry("Max msgqueue size", Resource.MSGQUEUE),
            Map.entry("Max nice priority", Resource.NICE),
            Map.entry("Max realtime priority", Resource.RTPRIO),
            Map.entry("Max realtime timeout", Resource.RTTIME));

    private static final String UNLIMITED = "unlimited";
    private static final String BOUND = "(" + UNLIMITED + "|[0-9]{1,20})";
    private static final Pattern LINE = Pattern.compile("(Max [a-z ]*[a-z]) +" + BOUND + " +" + BOUND + " .*");

    public ProcLimits {
        limits = Collections.unmodifiableMap(new EnumMap<>(limits));
    }

    /** Reads the whole file; lines of resources that are not known here are passed over. */
    public static ProcLimits parse(String text) throws ProcException {
        var limits = new EnumMap<Resource, Limit>(Resource.class);
        for (String line : text.split("\n", -1)) {
            Matcher matcher = LINE.matcher(line);
            Resource resource = matcher.matches() ? LABELS.get(matcher.group(1)) : null;
            if (resource != null) {
                limits.put(resource, new Limit(bound(matcher.group(2)), bound(matcher.group(3))));
            }
        }
        if (limits.isEmpty()) {
            throw new ProcException("limits: none in it", text);
        }
        return new ProcLimits(limits);
    }

    /** What no signed number holds (8 EiB and more) is as good as none. */
    private static Bound bound(String word) {
        if (word.equals(UNLIMITED)) {
            return Bound.unlimited();
        }
        try {
            return Bound.atMost(Long.parseLong(word));
        } catch (NumberFormatException tooLarge) {
            return Bound.unlimited();
        }
    }
}
