package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** The slurmd at a login's source. */
public interface Callerid {

    /**
     * Asks which job opened the connection.
     *
     * @return exactly one answer, at the deadline the latest; an absent, slow, unreadable or untrusted slurmd is a
     *     {@link CalleridAnswer.NoAnswer}, not an error
     */
    Mono<CalleridAnswer> ask(Connection connection, Deadline deadline);
}
