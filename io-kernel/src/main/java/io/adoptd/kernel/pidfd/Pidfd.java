package io.adoptd.kernel.pidfd;

import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import java.util.Optional;

/**
 * Holds on to one process; pidfd_open(2). While it {@link #isAlive()} its pid is nobody else's. May be closed on one
 * thread while another still asks: closing waits for the answer, which never blocks.
 */
public final class Pidfd implements AutoCloseable {

    private final int fd;
    private boolean closed;

    private Pidfd(int fd) {
        this.fd = fd;
    }

    /**
     * The process that has this pid now, which may be another than the one that was meant.
     *
     * @throws KernelException ESRCH when there is none, ENOSYS before Linux 5.3
     */
    public static Pidfd open(int pid) throws KernelException {
        return new Pidfd(Libc.pidfdOpen(pid));
    }

    /**
     * The process at the other end of a Unix socket: before Linux 6.5 the one that has its pid now.
     *
     * @param pid as {@code SO_PEERCRED} gives it
     * @return empty before Linux 5.3
     * @throws KernelException when the process is gone, among others
     */
    public static Optional<Pidfd> ofPeer(int socket, int pid) throws KernelException {
        return firstSupported(() -> new Pidfd(Libc.peerPidfd(socket)), () -> open(pid));
    }

    /** One way to come by a pidfd. */
    interface Way {
        Pidfd open() throws KernelException;
    }

    static Optional<Pidfd> firstSupported(Way... ways) throws KernelException {
        for (Way way : ways) {
            try {
                return Optional.of(way.open());
            } catch (KernelException e) {
                if (e.errno() != Errno.ENOPROTOOPT && e.errno() != Errno.ENOSYS) {
                    throw e;
                }
            }
        }
        return Optional.empty();
    }

    /** False from the moment it ended, reaped or not, and once it is held no longer. */
    public synchronized boolean isAlive() throws KernelException {
        return !closed && !Libc.isReadable(fd);
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            Libc.close(fd);
        } catch (KernelException e) {
            throw new IllegalStateException("somebody else closed the pidfd", e);
        }
    }
}
