package io.adoptd.kernel;

import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.pidfd.Pidfd;
import org.jspecify.annotations.Nullable;

/**
 * The process at the other end of a socket, held so that its pid stays its own.
 *
 * @param hold null when the kernel is too old for pidfds, or the process is in another pid namespace
 */
record Peer(PeerCredentials credentials, @Nullable Pidfd hold) implements AutoCloseable {

    /** Never waits. */
    static Peer of(int socket) throws KernelException {
        PeerCredentials credentials = PeerCredentials.of(socket);
        return new Peer(credentials, credentials.pid() == 0 ? null : hold(socket, credentials.pid()));
    }

    private static @Nullable Pidfd hold(int socket, int pid) throws KernelException {
        return Pidfd.ofPeer(socket, pid).orElse(null);
    }

    /** False once it has ended; what was read of its pid until then was read of it. */
    boolean isAlive() throws KernelException {
        return hold == null || hold.isAlive();
    }

    @Override
    public void close() {
        if (hold != null) {
            hold.close();
        }
    }
}
