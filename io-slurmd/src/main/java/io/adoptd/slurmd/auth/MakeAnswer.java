package io.adoptd.slurmd.auth;

import java.util.function.Function;

/** What came of making a credential. */
public sealed interface MakeAnswer {

    record Made(Token credential) implements MakeAnswer {}

    /**
     * The service could not be asked, or refused.
     *
     * @param why for the log
     */
    record Unavailable(String why) implements MakeAnswer {}

    default <R> R fold(Function<Made, R> made, Function<Unavailable, R> unavailable) {
        if (this instanceof Made m) {
            return made.apply(m);
        }
        return unavailable.apply((Unavailable) this);
    }
}
