package io.adoptd.pipeline.model;

import java.util.function.Function;

/** Where the kernel says that a process is. */
public sealed interface Membership {

    /** In the step's cgroup, in every controller that Slurm uses. */
    record InStep() implements Membership {}

    /**
     * Somewhere else, wholly or in part.
     *
     * @param where for the log
     */
    record Elsewhere(String where) implements Membership {}

    /** The process is gone, or its pid is another process by now. */
    record ProcessGone() implements Membership {}

    /**
     * The kernel did not say.
     *
     * @param why for the log
     */
    record Unreadable(String why) implements Membership {}

    default <R> R fold(
            Function<InStep, R> in,
            Function<Elsewhere, R> elsewhere,
            Function<ProcessGone, R> gone,
            Function<Unreadable, R> unreadable) {
        if (this instanceof InStep i) {
            return in.apply(i);
        }
        if (this instanceof Elsewhere e) {
            return elsewhere.apply(e);
        }
        if (this instanceof ProcessGone g) {
            return gone.apply(g);
        }
        return unreadable.apply((Unreadable) this);
    }
}
