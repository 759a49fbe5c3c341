package io.adoptd.pipeline.policy;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Verdict;
import java.util.function.Function;

/** What the table says to do next. */
public sealed interface Choice {

    /**
     * Adopt the process into this step.
     *
     * @param reason why this one
     * @param owned all that there was to choose from
     */
    record Adopt(ExternStep step, Reason reason, OwnedSteps owned) implements Choice {}

    /** Nothing more to do. */
    record Settle(Verdict verdict) implements Choice {}

    /** Several jobs: the source's slurmd has to be asked first. */
    record AskSource(OwnedSteps owned) implements Choice {}

    default <R> R fold(Function<Adopt, R> adopt, Function<AskSource, R> ask, Function<Settle, R> settle) {
        if (this instanceof Adopt a) {
            return adopt.apply(a);
        }
        if (this instanceof AskSource s) {
            return ask.apply(s);
        }
        return settle.apply((Settle) this);
    }
}
