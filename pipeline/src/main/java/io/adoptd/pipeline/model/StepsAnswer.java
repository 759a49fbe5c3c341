package io.adoptd.pipeline.model;

import java.util.function.Function;

/** Which extern steps a user has on this node. */
public sealed interface StepsAnswer {

    /** The node could be asked. */
    record Found(OwnedSteps steps) implements StepsAnswer {}

    /**
     * The node could not be asked: a fault of the node, which is never "you have no jobs".
     *
     * @param why for the log: what was tried and what came of it
     */
    record NodeFault(Reason reason, String why) implements StepsAnswer {}

    default <R> R fold(Function<Found, R> found, Function<NodeFault, R> fault) {
        if (this instanceof Found f) {
            return found.apply(f);
        }
        return fault.apply((NodeFault) this);
    }
}
