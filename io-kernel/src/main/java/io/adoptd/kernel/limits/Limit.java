package io.adoptd.kernel.limits;

/**
 * Both bounds of one resource; getrlimit(2).
 *
 * @param soft what the kernel enforces
 * @param hard how far the process may raise the soft one itself
 */
public record Limit(Bound soft, Bound hard) {}
