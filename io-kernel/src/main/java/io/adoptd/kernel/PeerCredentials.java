package io.adoptd.kernel;

import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.libc.Ucred;

/**
 * Who is at the other end of a Unix socket, as the kernel noted when it was connected; unix(7).
 *
 * @param pid as this pid namespace sees it; 0 when it does not
 * @param uid unsigned 32-bit; 0 is root
 * @param gid unsigned 32-bit
 */
public record PeerCredentials(int pid, long uid, long gid) {

    /** Reads them. Never waits. */
    public static PeerCredentials of(int socket) throws KernelException {
        Ucred cred = Libc.peerCredentials(socket);
        return new PeerCredentials(cred.pid(), cred.uid(), cred.gid());
    }
}
