package io.adoptd.pipeline.model;

import java.util.function.Function;

/** Whether a login was written down for its session phase. */
public sealed interface RecordAnswer {

    /** It is there for the module to read. */
    record Kept() implements RecordAnswer {}

    /**
     * It could not be written in time.
     *
     * @param why for the log
     */
    record NotKept(String why) implements RecordAnswer {}

    default <R> R fold(Function<Kept, R> kept, Function<NotKept, R> not) {
        return this instanceof Kept k ? kept.apply(k) : not.apply((NotKept) this);
    }
}
