package io.adoptd.gateway.server;

import io.adoptd.pipeline.model.LoginProcess;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** Which process is at the other end of a connection: the one to adopt. */
public sealed interface Caller {

    /** This one, which can't be mistaken for another of its pid. */
    record Known(LoginProcess process) implements Caller {}

    /**
     * It has ended, or can't be seen.
     *
     * @param why for the log
     */
    record Unknown(String why) implements Caller {}

    default <R> R fold(Function<Known, R> known, Function<Unknown, R> unknown) {
        if (this instanceof Known k) {
            return known.apply(k);
        }
        return unknown.apply((Unknown) this);
    }

    /** Which process a login is about. */
    enum Whose {
        /** The peer's own. */
        PEER,
        /** The peer is a helper: its parent's. */
        PARENT
    }

    /** Asks the kernel. */
    @FunctionalInterface
    interface Identification {

        /**
         * Names the process of the login that a connected Unix socket asks for.
         *
         * @param socket the server's end; used on the subscribing thread only, which owns it
         * @param whose whether the peer itself is that process, or a helper of it
         * @return exactly one answer, without waiting
         */
        Mono<Caller> of(int socket, Whose whose);
    }
}
