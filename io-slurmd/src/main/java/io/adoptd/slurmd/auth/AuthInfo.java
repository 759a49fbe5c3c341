package io.adoptd.slurmd.auth;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What AuthInfo of slurm.conf says to a client of munge.
 *
 * @param socket where munged listens; null for the path that its library knows
 * @param ttlSeconds how long a credential is good for; 0 for munged's default
 */
public record AuthInfo(@Nullable String socket, int ttlSeconds) {

    public static final AuthInfo DEFAULT = new AuthInfo(null, 0);

    private static final String SOCKET = "socket=";
    private static final String TTL = "ttl=";

    /** What atoi(3) reads: blanks, a sign, digits; it passes over whatever follows. */
    private static final Pattern NUMBER = Pattern.compile("[ \\t\\n\\x0B\\f\\r]*+([-+]?[0-9]++)");

    /** More digits than a long has are its largest number, as for strtol(3). */
    private static final int MOST_DIGITS = 18;

    public AuthInfo {
        if (ttlSeconds < 0) {
            throw new IllegalArgumentException("AuthInfo: ttl=" + ttlSeconds + " is negative");
        }
    }

    /**
     * Reads the value as Slurm 24.11 to 26.05 read it: {@code slurm_auth_opts_to_socket} and {@code slurm_get_auth_ttl} of
     * src/common/slurm_protocol_api.c. Passes over keys that concern other parts of Slurm. Any value is taken: what Slurm
     * cannot use either is as if it were not there.
     */
    public static AuthInfo parse(String value) {
        return new AuthInfo(socket(value), ttl(value));
    }

    /**
     * The first item that begins with {@code socket=}. A value without any {@code =} is the path itself, which is the form
     * of old; without a slash at its beginning it is a flag of auth/slurm, such as {@code use_client_ids}.
     */
    private static @Nullable String socket(String value) {
        for (String item : value.split(",", -1)) {
            if (item.startsWith(SOCKET)) {
                return item.length() == SOCKET.length() ? null : item.substring(SOCKET.length());
            }
        }
        return value.indexOf('=') < 0 && value.startsWith("/") ? value : null;
    }

    /** The number behind the first {@code ttl=}, wherever that stands; {@code 60s} is 60. */
    private static int ttl(String value) {
        int at = value.indexOf(TTL);
        if (at < 0) {
            return 0;
        }
        Matcher number = NUMBER.matcher(value).region(at + TTL.length(), value.length());
        return number.lookingAt() ? Math.max(0, (int) saturated(number.group(1))) : 0;
    }

    private static long saturated(String digits) {
        if (digits.length() <= MOST_DIGITS) {
            return Long.parseLong(digits);
        }
        return digits.startsWith("-") ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
}
