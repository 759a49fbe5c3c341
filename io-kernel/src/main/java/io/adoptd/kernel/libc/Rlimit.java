package io.adoptd.kernel.libc;

/**
 * C's {@code struct rlimit64}, getrlimit(2). Both values are unsigned 64-bit.
 *
 * @param cur the soft limit, or {@link #INFINITY}
 * @param max the hard limit, or {@link #INFINITY}
 */
public record Rlimit(long cur, long max) {

    /** C's {@code RLIM64_INFINITY}. */
    public static final long INFINITY = SysResource.RLIM64_INFINITY;
}
