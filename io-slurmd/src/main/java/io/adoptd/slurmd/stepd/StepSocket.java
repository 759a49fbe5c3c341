package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The socket of an extern step. One that is made anew at the same path is another: it has another inode, and was born at
 * another time even if it got the same number.
 *
 * @param hetComponent the component of a heterogeneous job; null for any other
 * @param born when the socket was made
 * @param file its device and inode
 */
record StepSocket(Path path, JobId job, @Nullable Long hetComponent, Instant born, Object file) {

    /** Whether it is, or was, the socket of this step, which is of the same node. */
    boolean isOf(ExternStep step) {
        return job.equals(step.job()) && Objects.equals(hetComponent, step.hetComponent());
    }
}
