package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.JobId;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The socket of an extern step.
 *
 * @param hetComponent the component of a heterogeneous job; null for any other
 * @param born when the socket was made
 */
record StepSocket(Path path, JobId job, @Nullable Long hetComponent, Instant born) {}
