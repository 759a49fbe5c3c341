package io.adoptd.pipeline.model;

/** A Slurm job id: 1 to 4294967279; what lies above are Slurm's marks (slurm/slurm.h), 0 is no job. */
public record JobId(long value) {

    private static final long MAX = 0xffff_ffefL;

    public JobId {
        if (!isJobId(value)) {
            throw new IllegalArgumentException("not a job id: " + value);
        }
    }

    public static boolean isJobId(long value) {
        return value >= 1 && value <= MAX;
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
