package io.adoptd.pipeline.model;

/**
 * A namespace of a job, to be joined by the process that is to be in it; setns(2).
 *
 * @param type {@code CLONE_NEWNS}, {@code CLONE_NEWPID} or {@code CLONE_NEWUSER}; 0 where Slurm does not say which
 * @param descriptor open in this process, and closed with the {@link Luggage} of its login
 */
public record Namespace(int type, int descriptor) {}
