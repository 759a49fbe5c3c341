package io.adoptd.kernel.fdpass;

import java.util.function.Function;

/** What came when one descriptor was expected. */
public sealed interface Received {

    /** The descriptor; whoever has this record closes it. */
    record Descriptor(int fd) implements Received {}

    /** Nothing so far. */
    record NotYet() implements Received {}

    /** The peer has closed. */
    record Ended() implements Received {}

    /**
     * Something else: a byte without a descriptor, or with several.
     *
     * @param why for the log
     */
    record Refused(String why) implements Received {}

    default <R> R fold(
            Function<Descriptor, R> descriptor,
            Function<NotYet, R> notYet,
            Function<Ended, R> ended,
            Function<Refused, R> refused) {
        if (this instanceof Descriptor d) {
            return descriptor.apply(d);
        }
        if (this instanceof NotYet n) {
            return notYet.apply(n);
        }
        if (this instanceof Ended e) {
            return ended.apply(e);
        }
        return refused.apply((Refused) this);
    }
}
