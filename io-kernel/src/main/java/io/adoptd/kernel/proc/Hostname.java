package io.adoptd.kernel.proc;

import java.util.regex.Pattern;

/** {@code /proc/sys/kernel/hostname}: what gethostname(2) says. */
final class Hostname {

    /** Linux allows 64 bytes of anything; what is no host's name helps nobody. */
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private Hostname() {}

    static String parse(String text) throws ProcException {
        String name = text.endsWith("\n") ? text.substring(0, text.length() - 1) : "";
        if (!FORM.matcher(name).matches()) {
            throw new ProcException("hostname: not a host's name", text);
        }
        return name;
    }
}
