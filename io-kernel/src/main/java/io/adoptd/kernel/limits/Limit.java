package io.adoptd.kernel.limits;

import java.util.stream.Stream;

/**
 * Both bounds of one resource; getrlimit(2).
 *
 * @param soft what the kernel enforces
 * @param hard how far the process may raise the soft one itself
 */
public record Limit(Bound soft, Bound hard) {

    /** Whether one of them is. */
    public boolean isBelow(long least) {
        return Stream.of(soft, hard)
                .anyMatch(bound -> bound.<Boolean>fold(most -> most.value() < least, unlimited -> false));
    }
}
