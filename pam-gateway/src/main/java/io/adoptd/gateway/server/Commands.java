package io.adoptd.gateway.server;

import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.gateway.wire.Request.Command;
import reactor.core.publisher.Mono;

/** What {@code adoptctl} may have done. */
@FunctionalInterface
public interface Commands {

    /**
     * Does it.
     *
     * @return exactly one report, also about a command that there is none of
     */
    Mono<Report> run(Command command);
}
