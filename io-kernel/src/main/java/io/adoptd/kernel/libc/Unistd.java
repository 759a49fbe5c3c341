package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <unistd.h>}, glibc, x86-64 and aarch64: C's names, nothing added. */
interface Unistd extends Library {

    long SYS_pidfd_open = 434; // sys/syscall.h; glibc has a function of that name only since 2.36

    long SYS_pidfd_send_signal = 424;

    long read(int fd, byte[] buf, long nbytes) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    int geteuid();

    long syscall(long sysno, @Nullable Object... arguments) throws LastErrorException;
}
