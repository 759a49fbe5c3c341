package io.adoptd.slurmd.stepd;

import java.util.List;

/** What is asked of a slurmstepd that can be trusted. */
@FunctionalInterface
interface Exchange<T> {

    /**
     * What is said in one breath with the hello, for what no release understands differently: it spares a wait for the
     * version. A slurmstepd reads each request when it has answered the one before, and one that refuses the hello
     * reads no further.
     *
     * @param pid of the process that listens, as the kernel has it
     */
    default List<Integer> early(int pid) {
        return List.of();
    }

    /** The first turn once it has said its version: if anything was said early, the reply to that. */
    Turn<T> with(Peer peer);

    /**
     * The slurmstepd at the other end.
     *
     * @param pid of the process that listens, as the kernel has it
     */
    record Peer(StepdVersion version, int pid) {}
}
