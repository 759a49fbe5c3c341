package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Structure;

/** Mirror of {@code <poll.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. */
interface Poll extends Library {

    short POLLIN = 0x1;
    short POLLNVAL = 0x20;

    @Structure.FieldOrder({"fd", "events", "revents"})
    class pollfd extends Structure {
        public int fd;
        public short events;
        public short revents;
    }

    int poll(pollfd fds, long nfds, int timeout) throws LastErrorException;
}
