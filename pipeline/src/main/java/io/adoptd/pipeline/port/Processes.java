package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** What the kernel knows of a login's process. */
public interface Processes {

    /**
     * Whether the pid is still the process that asked.
     *
     * @return exactly one answer, without waiting; false when it cannot be told
     */
    Mono<Boolean> isStill(LoginProcess process);

    /**
     * Reads back where the process is, and that it is still the one that asked.
     *
     * @param deadline begins anew when the login's turn has come
     * @return exactly one answer, at the deadline the latest; what cannot be read is {@link Membership.Unreadable}
     */
    Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline);
}
