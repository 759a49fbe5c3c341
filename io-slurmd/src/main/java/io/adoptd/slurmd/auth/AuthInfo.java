package io.adoptd.slurmd.auth;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What AuthInfo of slurm.conf says to a client of an authentication service.
 *
 * @param socket where the service listens; null for the place that its library knows
 * @param ttlSeconds how long a credential is good for; 0 for the default of the service
 */
public record AuthInfo(@Nullable String socket, int ttlSeconds) {

    public static final AuthInfo DEFAULT = new AuthInfo(null, 0);

    private static final String SOCKET = "socket=";
    private static final String TTL = "ttl=";

    public AuthInfo {
        if (ttlSeconds < 0) {
            throw new IllegalArgumentException("AuthInfo: ttl=" + ttlSeconds + " is negative");
        }
    }

    /**
     * Reads the comma-separated value; keys that concern other parts of Slurm are passed over. Source: man slurm.conf.
     *
     * @throws IllegalArgumentException if its {@code socket=} or {@code ttl=} means nothing
     */
    public static AuthInfo parse(String value) {
        String socket = valueOf(SOCKET, value);
        String ttl = valueOf(TTL, value);
        if (socket != null && socket.isEmpty()) {
            throw new IllegalArgumentException("AuthInfo: socket= without a path");
        }
        return new AuthInfo(socket, ttl == null ? 0 : seconds(ttl));
    }

    private static @Nullable String valueOf(String key, String value) {
        return Arrays.stream(value.split(","))
                .map(String::strip)
                .filter(item -> item.startsWith(key))
                .map(item -> item.substring(key.length()))
                .findFirst()
                .orElse(null);
    }

    private static int seconds(String ttl) {
        try {
            return Integer.parseInt(ttl);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("AuthInfo: ttl=" + ttl + " is not a number of seconds", e);
        }
    }
}
