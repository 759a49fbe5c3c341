package io.adoptd.gateway.server;

import io.adoptd.pipeline.model.LoginProcess;
import reactor.core.publisher.Mono;

/** Ends the process of a session that must not be: sshd goes on after an error of a session module. */
@FunctionalInterface
public interface SessionEnd {

    /**
     * Asks the process to end (SIGTERM), if it is still the same.
     *
     * @return what came of it, for the log; never an error
     */
    Mono<String> end(LoginProcess process);
}
