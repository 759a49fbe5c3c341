package io.adoptd.kernel.proc;

/** {@code /proc/sys/kernel/hostname}: what gethostname(2) says. */
final class Hostname {

    /** Linux allows 64 bytes of anything; what is no host's name helps nobody. */
    private static final int MAX = 64;

    private Hostname() {}

    static String parse(String text) throws ProcException {
        String name = text.endsWith("\n") ? text.substring(0, text.length() - 1) : "";
        if (!isHostname(name)) {
            throw new ProcException("hostname: not a host's name", text);
        }
        return name;
    }

    /** A letter or a digit, and then dots, underscores and hyphens too. */
    private static boolean isHostname(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!alphanumeric && (i == 0 || "._-".indexOf(c) < 0)) {
                return false;
            }
        }
        return !name.isEmpty() && name.length() <= MAX;
    }
}
