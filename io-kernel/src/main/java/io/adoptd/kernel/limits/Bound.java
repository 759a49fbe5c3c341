package io.adoptd.kernel.limits;

import java.util.function.Function;

/** How much of a resource a process may use. */
public sealed interface Bound {

    /**
     * No more than this.
     *
     * @param value in the resource's own unit (bytes, seconds, a count), never negative
     */
    record AtMost(long value) implements Bound {

        public AtMost {
            if (value < 0) {
                throw new IllegalArgumentException("not a limit: " + value);
            }
        }
    }

    /** As much as it likes. */
    record Unlimited() implements Bound {}

    static Bound atMost(long value) {
        return new AtMost(value);
    }

    static Bound unlimited() {
        return new Unlimited();
    }

    default <R> R fold(Function<AtMost, R> atMost, Function<Unlimited, R> unlimited) {
        if (this instanceof AtMost a) {
            return atMost.apply(a);
        }
        return unlimited.apply((Unlimited) this);
    }
}
