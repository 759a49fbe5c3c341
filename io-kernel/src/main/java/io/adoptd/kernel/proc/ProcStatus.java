package io.adoptd.kernel.proc;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What we need of {@code /proc/PID/status}; proc_pid_status(5).
 *
 * @param realUid unsigned 32-bit: whose process it is
 * @param effectiveUid unsigned 32-bit: whose powers it has
 */
public record ProcStatus(long realUid, long effectiveUid) {

    /**
     * The kernel escapes the newline in the program's name and no other line end, so only a newline may end a line here:
     * else a process could name itself after this one.
     */
    private static final Pattern UID =
            Pattern.compile("^Uid:\t([0-9]{1,10})\t([0-9]{1,10})\t", Pattern.MULTILINE | Pattern.UNIX_LINES);

    private static final long MAX_UINT32 = 0xffff_ffffL;

    public static ProcStatus parse(String text) throws ProcException {
        Matcher line = UID.matcher(text);
        if (!line.find()) {
            throw new ProcException("status: no line Uid", text);
        }
        return new ProcStatus(uid(line.group(1), text), uid(line.group(2), text));
    }

    private static long uid(String digits, String text) throws ProcException {
        long uid = Long.parseLong(digits);
        if (uid > MAX_UINT32) {
            throw new ProcException("status: not a uid", text);
        }
        return uid;
    }
}
