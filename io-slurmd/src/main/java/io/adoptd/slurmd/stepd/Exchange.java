package io.adoptd.slurmd.stepd;

/** What is asked of a slurmstepd once it has said its version. */
@FunctionalInterface
interface Exchange<T> {

    /** The first turn. */
    Turn<T> with(Peer peer);

    /**
     * The slurmstepd at the other end.
     *
     * @param pid of the process that listens, as the kernel has it
     */
    record Peer(StepdVersion version, int pid) {}
}
