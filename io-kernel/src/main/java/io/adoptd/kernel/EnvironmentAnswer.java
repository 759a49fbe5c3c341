package io.adoptd.kernel;

import java.util.List;
import java.util.function.Function;

/** The environment of a process. */
public sealed interface EnvironmentAnswer {

    /**
     * It has this one, or had it when it was started. Whatever is in it, the process or its user chose.
     *
     * @param variables in order, each {@code NAME=VALUE} with a name; a name may come twice
     */
    record Told(List<String> variables) implements EnvironmentAnswer {

        public Told {
            variables = List.copyOf(variables);
        }

        /** Without the values, which may be secrets. */
        @Override
        public String toString() {
            return "Told[" + variables.size() + " variables]";
        }
    }

    /**
     * It is gone, another user's, or not to be read.
     *
     * @param why for the log
     */
    record Untold(String why) implements EnvironmentAnswer {}

    default <R> R fold(Function<Told, R> told, Function<Untold, R> untold) {
        if (this instanceof Told t) {
            return told.apply(t);
        }
        return untold.apply((Untold) this);
    }
}
