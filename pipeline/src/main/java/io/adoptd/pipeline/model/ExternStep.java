package io.adoptd.pipeline.model;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A job's step {@code SLURM_EXTERN_CONT} on this node, as its slurmstepd told of itself.
 *
 * @param hetComponent the component of a heterogeneous job; null for any other
 * @param owner whose job it is, as the slurmstepd answered
 * @param sluid the job's SLUID in text form, which names its cgroup from 26.05 on; null when the slurmstepd is older
 */
public record ExternStep(
        NodeName node,
        JobId job,
        @Nullable Long hetComponent,
        Uid owner,
        StepBegin began,
        @Nullable String sluid) {

    /** Newest first; of two that began together the greater job id, as Slurm itself does. */
    public static final Comparator<ExternStep> NEWEST_FIRST = Comparator.comparing(ExternStep::began)
            .thenComparingLong(step -> step.job().value())
            .reversed();
}
