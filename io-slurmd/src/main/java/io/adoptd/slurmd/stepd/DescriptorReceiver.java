package io.adoptd.slurmd.stepd;

import java.io.IOException;

/** Takes file descriptors off a Unix socket: {@code SCM_RIGHTS}, unix(7), which a plain read throws away. */
public interface DescriptorReceiver {

    /**
     * Receives one byte and the one descriptor that comes with it. Called on the selector thread, only when the socket
     * is readable, so it never waits.
     *
     * @param socketFd a non-blocking socket, which stays its owner's
     * @return the descriptor, now the caller's
     * @throws IOException if the byte brought none, or the socket is at its end
     */
    int receive(int socketFd) throws IOException;

    /** Closes a descriptor that was received but reached nobody. */
    void close(int fd);
}
