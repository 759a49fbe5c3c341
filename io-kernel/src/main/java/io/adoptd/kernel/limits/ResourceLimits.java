package io.adoptd.kernel.limits;

import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.libc.Rlimit;

/** Reads and sets the limits of any process by its pid; prlimit(2). */
public final class ResourceLimits {

    private ResourceLimits() {}

    /**
     * Reads both bounds.
     *
     * @throws KernelException ESRCH when there is no such process, EPERM when it is not ours to ask
     */
    public static Limit get(int pid, Resource resource) throws KernelException {
        return limit(Libc.prlimit(pid, resource.number(), null));
    }

    /**
     * Sets both bounds. Children that the process has already are not touched.
     *
     * @return what they were before
     * @throws KernelException as {@link #get}, and EINVAL when {@code limit} has its soft bound above the hard one
     */
    public static Limit set(int pid, Resource resource, Limit limit) throws KernelException {
        return limit(Libc.prlimit(pid, resource.number(), new Rlimit(value(limit.soft()), value(limit.hard()))));
    }

    private static Limit limit(Rlimit limit) {
        return new Limit(bound(limit.cur()), bound(limit.max()));
    }

    /** What no signed number holds (8 EiB and more) is as good as none. */
    private static Bound bound(long value) {
        return value < 0 ? Bound.unlimited() : Bound.atMost(value);
    }

    private static long value(Bound bound) {
        return bound.fold(Bound.AtMost::value, unlimited -> Rlimit.INFINITY);
    }
}
