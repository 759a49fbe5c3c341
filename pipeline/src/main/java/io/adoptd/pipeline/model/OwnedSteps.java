package io.adoptd.pipeline.model;

import java.util.List;
import java.util.Optional;

/**
 * The extern steps of one user on this node.
 *
 * @param steps newest first
 * @param silent how many slurmstepds did not say in time whose job they run; the user's may be among them
 */
public record OwnedSteps(List<ExternStep> steps, int silent) {

    /** How many jobs the user has here, as far as the decision cares. */
    public enum Count {
        NONE,
        ONE,
        MANY
    }

    public OwnedSteps {
        steps = steps.stream().sorted(ExternStep.NEWEST_FIRST).toList();
    }

    public Count count() {
        return switch (steps.size()) {
            case 0 -> Count.NONE;
            case 1 -> Count.ONE;
            default -> Count.MANY;
        };
    }

    /**
     * The step that began last.
     *
     * @throws java.util.NoSuchElementException when there is none: ask {@link #count()} first
     */
    public ExternStep newest() {
        return steps.stream().findFirst().orElseThrow();
    }

    /** The step of this job; of a heterogeneous job's several the one that began last. */
    public Optional<ExternStep> of(JobId job) {
        return steps.stream().filter(step -> step.job().equals(job)).findFirst();
    }

    /** The same without one that turned out not to take logins. */
    public OwnedSteps without(ExternStep step) {
        return new OwnedSteps(
                steps.stream().filter(other -> !other.equals(step)).toList(), silent);
    }
}
