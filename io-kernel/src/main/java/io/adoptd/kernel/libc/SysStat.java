package io.adoptd.kernel.libc;

import com.sun.jna.Library;

/** Mirror of {@code <sys/stat.h>}, glibc, x86-64 and aarch64: C's names, nothing added. */
interface SysStat extends Library {

    int umask(int mask);
}
