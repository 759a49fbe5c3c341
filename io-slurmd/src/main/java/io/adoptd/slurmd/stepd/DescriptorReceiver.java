package io.adoptd.slurmd.stepd;

import java.io.IOException;

/** Takes file descriptors off a Unix socket: {@code SCM_RIGHTS}, unix(7), which a plain read throws away. */
public interface DescriptorReceiver {

    int NOTHING_YET = -1;

    /**
     * Receives one byte and the one descriptor that comes with it. Called on an event loop, so it
     * must not wait.
     *
     * @param socketFd a non-blocking socket, which stays its owner's
     * @return the descriptor, now the caller's; {@link #NOTHING_YET} when there is nothing to read
     * @throws IOException if the byte brought none, or the socket is at its end
     */
    int receive(int socketFd) throws IOException;

    /** Closes a descriptor that was received but reached nobody. */
    void close(int fd);
}
