package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;

/** Mirror of {@code <signal.h>}, glibc, x86-64 and aarch64: C's names, nothing added. */
interface Signals extends Library {

    int kill(int pid, int sig) throws LastErrorException;
}
