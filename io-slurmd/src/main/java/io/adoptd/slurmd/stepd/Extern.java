package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import org.jspecify.annotations.Nullable;

/**
 * What the slurmstepd of an extern step says of it.
 *
 * @param owner whose job it is
 * @param pid of the slurmstepd, as the kernel has it
 * @param starting whether it is not yet set up: until then a process that is to be adopted may be refused
 * @param sluid null for a job without one, and for a slurmstepd that does not tell
 */
record Extern(
        Uid owner, int pid, boolean starting, @Nullable Sluid sluid) {}
