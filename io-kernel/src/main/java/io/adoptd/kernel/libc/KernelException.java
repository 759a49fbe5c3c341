package io.adoptd.kernel.libc;

import java.io.IOException;

/** A call that the kernel refused. */
public final class KernelException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /**
     * @param call the function, and what it was asked about as far as that helps the reader of a log
     * @param errno as in {@code <errno.h>}
     */
    public KernelException(String call, int errno) {
        super(call + ": " + Errno.nameOf(errno));
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }

    /** C's name of {@link #errno()}. */
    public String errnoName() {
        return Errno.nameOf(errno);
    }
}
