package io.adoptd.slurmd.stepd;

/** What a slurmstepd says of its step: Slurm's {@code slurmstepd_state_t}. */
public enum StepState {
    NOT_RUNNING,
    STARTING,
    RUNNING,
    /** On its way out; only Slurm 23.11 and later tell it from {@link #ENDING}. */
    CANCELLED,
    ENDING
}
