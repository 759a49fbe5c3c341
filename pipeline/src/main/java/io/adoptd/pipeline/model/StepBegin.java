package io.adoptd.pipeline.model;

import java.time.Instant;
import java.util.Comparator;

/**
 * When an extern step really began.
 *
 * @param stepdStartTicks when its slurmstepd started, in clock ticks since boot: immune to a set clock, a touched file
 *     and a job id given out long before the job ran
 * @param socketBorn when its socket was made: decides between steps of one tick (10 ms)
 */
public record StepBegin(long stepdStartTicks, Instant socketBorn) implements Comparable<StepBegin> {

    private static final Comparator<StepBegin> ORDER =
            Comparator.comparingLong(StepBegin::stepdStartTicks).thenComparing(StepBegin::socketBorn);

    @Override
    public int compareTo(StepBegin other) {
        return ORDER.compare(this, other);
    }
}
