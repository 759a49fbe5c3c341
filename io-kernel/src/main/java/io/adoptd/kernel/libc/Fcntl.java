package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;

/** Mirror of {@code <fcntl.h>}, glibc, x86-64 and aarch64: C's names, nothing added. */
interface Fcntl extends Library {

    int O_RDONLY = 0;
    int O_CLOEXEC = 0x8_0000;

    int open(String file, int oflag, Object... mode) throws LastErrorException;
}
