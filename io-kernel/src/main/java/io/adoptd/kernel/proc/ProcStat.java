package io.adoptd.kernel.proc;

/**
 * What we need of {@code /proc/PID/stat}; proc_pid_stat(5).
 *
 * @param comm the program's name, which its process chooses freely
 * @param state field 3: one letter
 * @param parent field 4: the pid of its parent; 0 when that is outside the pid namespace
 * @param startTicks field 22: when the process started, in clock ticks since boot
 */
public record ProcStat(int pid, String comm, char state, int parent, long startTicks) {

    private static final int STATE = 3;
    private static final int PARENT = 4;
    private static final int START_TIME = 22;

    /**
     * Reads the whole file. The name may contain anything, line ends and parentheses too; the last parenthesis ends it,
     * for what follows are numbers.
     */
    public static ProcStat parse(String text) throws ProcException {
        int open = text.indexOf(" (");
        int close = text.lastIndexOf(") ");
        if (open < 0 || close < open + 2 || !text.endsWith("\n")) {
            throw new ProcException("stat: not pid (comm) fields", text);
        }
        String[] fields = text.substring(close + 2, text.length() - 1).split(" ", -1);
        if (fields.length <= START_TIME - STATE || fields[0].length() != 1) {
            throw new ProcException("stat: no state or no field 22", text);
        }
        return new ProcStat(
                Math.toIntExact(number(text.substring(0, open), Integer.MAX_VALUE, text)),
                text.substring(open + 2, close),
                fields[0].charAt(0),
                Math.toIntExact(number(fields[PARENT - STATE], Integer.MAX_VALUE, text)),
                number(fields[START_TIME - STATE], Long.MAX_VALUE, text));
    }

    private static long number(String field, long max, String text) throws ProcException {
        if (field.isEmpty() || !field.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new ProcException("stat: not a number where one belongs", text);
        }
        try {
            long number = Long.parseLong(field);
            if (number <= max) {
                return number;
            }
        } catch (NumberFormatException tooLong) {
            // falls through to the same complaint
        }
        throw new ProcException("stat: a number too large", text);
    }

    /** False when it has ended and only waits to be reaped. */
    public boolean isAlive() {
        return state != 'Z' && state != 'X' && state != 'x';
    }
}
