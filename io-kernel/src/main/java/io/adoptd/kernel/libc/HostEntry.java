package io.adoptd.kernel.libc;

import java.util.List;

/**
 * C's {@code struct hostent}, gethostbyname(3).
 *
 * @param name the canonical one
 * @param addresses of 4 bytes or of 16
 */
public record HostEntry(String name, List<String> aliases, List<byte[]> addresses) {

    public HostEntry {
        aliases = List.copyOf(aliases);
        addresses = List.copyOf(addresses);
    }
}
