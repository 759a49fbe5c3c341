package io.adoptd.kernel;

import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.kernel.proc.ProcException;

/** What the daemon asks about itself. */
public final class OwnProcess {

    private OwnProcess() {}

    /** The effective uid; 0 is root. */
    public static long effectiveUid() {
        return Libc.geteuid();
    }

    /**
     * Sets which permissions new files of the whole process, sockets included, shall not have; umask(2).
     *
     * @return what it was before
     */
    public static int umask(int mask) {
        return Libc.umask(mask);
    }

    /** The host's name, domain and all if it was set so: what gethostname(2) says. Blocks as little as a read can. */
    public static String hostname() throws KernelException, ProcException {
        return new Proc("/proc").hostname();
    }
}
