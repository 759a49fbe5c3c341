package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;

/** Mirror of {@code <fcntl.h>}, glibc, x86-64 and aarch64: C's names, nothing added. Bound directly: every login calls. */
final class Fcntl {

    static final int O_RDONLY = 0;
    static final int O_CLOEXEC = 0x8_0000;

    static {
        Libc.bind(Fcntl.class);
    }

    private Fcntl() {}

    static native int open(String file, int oflag) throws LastErrorException;
}
