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
        String state = field(text, close + 2, STATE);
        if (state.length() != 1) {
            throw new ProcException("stat: no state", text);
        }
        return new ProcStat(
                Math.toIntExact(number(text.substring(0, open), Integer.MAX_VALUE, text)),
                text.substring(open + 2, close),
                state.charAt(0),
                Math.toIntExact(number(field(text, close + 2, PARENT), Integer.MAX_VALUE, text)),
                number(field(text, close + 2, START_TIME), Long.MAX_VALUE, text));
    }

    /** @param from where field 3 begins */
    private static String field(String text, int from, int number) throws ProcException {
        int begin = from;
        for (int i = STATE; i < number; i++) {
            begin = text.indexOf(' ', begin) + 1;
            if (begin == 0) {
                throw new ProcException("stat: no field " + number, text);
            }
        }
        int end = text.indexOf(' ', begin);
        return text.substring(begin, end < 0 ? text.length() - 1 : end);
    }

    private static long number(String field, long max, String text) throws ProcException {
        if (!Digits.are(field)) {
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
