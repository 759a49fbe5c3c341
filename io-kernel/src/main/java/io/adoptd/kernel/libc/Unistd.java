package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;

/** Mirror of {@code <unistd.h>}, glibc, x86-64 and aarch64: C's names, nothing added. Bound directly: every login calls. */
final class Unistd {

    static final long SYS_pidfd_open = 434; // sys/syscall.h; glibc has a function of that name only since 2.36

    static {
        Libc.bind(Unistd.class);
    }

    private Unistd() {}

    static native long read(int fd, byte[] buf, long nbytes) throws LastErrorException;

    static native int close(int fd) throws LastErrorException;

    static native int geteuid();

    static native long syscall(long sysno, int pid, int flags) throws LastErrorException;
}
