package io.adoptd.slurmd.stepd;

/**
 * A task of a step, as its slurmstepd tells of it.
 *
 * @param localId among those of this node, from 0
 * @param globalId among all of the step's, unsigned 32-bit
 * @param pid −1 in the extern step, whose task is no process
 * @param status what wait(2) gave of it; −1 while it has not exited
 */
record StepTask(int localId, long globalId, int pid, boolean exited, int status) {

    /** Bytes of one on the wire, packed: Slurm src/slurmd/slurmstepd/req.c, _handle_task_info. */
    static final int LENGTH = 4 * Integer.BYTES + 1;

    boolean isRunning() {
        return !exited && pid > 0;
    }
}
