package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;

/** Mirror of {@code <poll.h>}, glibc, x86-64 and aarch64: C's names, nothing added. Bound directly: every login calls. */
final class Poll {

    static final short POLLIN = 0x1;
    static final short POLLNVAL = 0x20;

    static {
        Libc.bind(Poll.class);
    }

    private Poll() {}

    /** @param fds of each {@code struct pollfd} two ints: fd, and events with revents above them */
    static native int poll(int[] fds, long nfds, int timeout) throws LastErrorException;
}
