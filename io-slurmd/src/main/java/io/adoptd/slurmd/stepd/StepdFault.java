package io.adoptd.slurmd.stepd;

/** Why a slurmstepd gave no answer. */
public enum StepdFault {
    /** Nobody listens at its socket: the step has ended, or is only just beginning. */
    ABSENT,
    /** It hung up before it answered: the step is about to end. */
    GONE,
    /** Nothing, or not all, came in time. */
    SILENT,
    /** It is not run by root, SlurmUser, SlurmdUser or adoptd's own user: a security event. It was told nothing. */
    UNTRUSTED,
    /** What came is not Slurm's, or not of a version spoken here. */
    UNREADABLE,
    /** It could not be asked: a fault on this side. */
    UNASKED
}
