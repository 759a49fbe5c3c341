package io.adoptd.kernel;

import io.adoptd.pipeline.model.LoginProcess;
import java.util.function.Function;

/** Which process is at the other end of a socket. */
public sealed interface PeerAnswer {

    /** This one. */
    record Identified(LoginProcess process, PeerCredentials credentials) implements PeerAnswer {}

    /**
     * It is gone, or not to be seen.
     *
     * @param why for the log
     */
    record Unidentified(String why) implements PeerAnswer {}

    default <R> R fold(Function<Identified, R> identified, Function<Unidentified, R> unidentified) {
        if (this instanceof Identified i) {
            return identified.apply(i);
        }
        return unidentified.apply((Unidentified) this);
    }
}
