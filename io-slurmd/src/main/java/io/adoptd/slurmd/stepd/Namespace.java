package io.adoptd.slurmd.stepd;

/**
 * A namespace of a step, to be joined with {@code setns(fd, type)} by the process that is to be in it, setns(2).
 *
 * @param type {@code CLONE_NEWNS}, {@code CLONE_NEWPID} or {@code CLONE_NEWUSER}, or {@link #ANY}
 * @param fd open in this process; who is given the namespace closes it
 */
public record Namespace(int type, int fd) {

    /** Slurm before 25.11 does not say which; setns takes it as any. */
    public static final int ANY = 0;

    /** {@code <linux/sched.h>} */
    static final int CLONE_NEWNS = 0x0002_0000;

    static final int CLONE_NEWUSER = 0x1000_0000;
    static final int CLONE_NEWPID = 0x2000_0000;

    static boolean isType(int type) {
        return type == CLONE_NEWNS || type == CLONE_NEWUSER || type == CLONE_NEWPID;
    }
}
