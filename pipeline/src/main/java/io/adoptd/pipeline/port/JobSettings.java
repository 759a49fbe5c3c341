package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** What the job's own processes have and the administrator lets its sessions have too. */
public interface JobSettings {

    /**
     * Takes the job's variables, and gives the process the job's resource limits, as far as the daemon's configuration
     * lists them.
     *
     * @param process the session's; proven to be in the step
     * @return exactly one answer, at the deadline the latest; what cannot be had is told, and fails no login
     */
    Mono<Inherited> inherit(LoginProcess process, ExternStep step, Deadline deadline);

    /** Nothing is listed. */
    static JobSettings none() {
        return (process, step, deadline) -> Mono.just(Inherited.NOTHING);
    }
}
