package io.adoptd.slurmd.stepd;

import java.util.function.Function;

/** What came of a conversation with a slurmstepd. */
public sealed interface StepdAnswer<T> {

    /** It answered. */
    record Told<T>(T value) implements StepdAnswer<T> {}

    /**
     * It did not.
     *
     * @param why for the log
     */
    record Failed<T>(StepdFault fault, String why) implements StepdAnswer<T> {}

    default <R> R fold(Function<T, R> told, Function<Failed<T>, R> failed) {
        if (this instanceof Told<T> t) {
            return told.apply(t.value());
        }
        return failed.apply((Failed<T>) this);
    }
}
