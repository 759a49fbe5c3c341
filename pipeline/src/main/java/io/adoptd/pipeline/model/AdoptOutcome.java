package io.adoptd.pipeline.model;

import java.util.function.Function;

/** What came of asking a slurmstepd to take a process in. */
public sealed interface AdoptOutcome {

    /**
     * The slurmstepd said yes; only {@link Membership} proves it.
     *
     * @param furnishings what else it gave
     */
    record Accepted(Furnishings furnishings) implements AdoptOutcome {}

    /**
     * It did not.
     *
     * @param reason one of the {@code ADOPT_*} reasons
     * @param why for the log
     */
    record Failed(Reason reason, String why) implements AdoptOutcome {}

    default <R> R fold(Function<Accepted, R> accepted, Function<Failed, R> failed) {
        if (this instanceof Accepted a) {
            return accepted.apply(a);
        }
        return failed.apply((Failed) this);
    }
}
