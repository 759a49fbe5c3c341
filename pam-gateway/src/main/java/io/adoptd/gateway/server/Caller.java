package io.adoptd.gateway.server;

import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.time.Deadline;
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

    /** Asks the kernel. */
    @FunctionalInterface
    interface Identification {

        /**
         * Names the peer of a connected Unix socket.
         *
         * @param socket the server's end; used on the subscribing thread only, which owns it
         * @return exactly one answer, at the deadline the latest
         */
        Mono<Caller> peerOf(int socket, Deadline deadline);
    }
}
