package io.adoptd.kernel.libc;

/**
 * C's {@code struct ucred}, socket(7).
 *
 * @param pid 0 when the process is not visible in this pid namespace
 * @param uid unsigned
 * @param gid unsigned
 */
public record Ucred(int pid, long uid, long gid) {}
