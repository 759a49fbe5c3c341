package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** The slurmstepd that takes a process into its extern step. */
public interface Adoption {

    /**
     * Asks the step's slurmstepd to take the process in. The one act of a login: it is asked once, and may still happen
     * after a cancel or a timeout.
     *
     * @return exactly one outcome, at the deadline the latest; a slurmstepd that is gone, silent or refuses is an
     *     outcome, not an error
     */
    Mono<AdoptOutcome> adopt(LoginProcess process, ExternStep step, Deadline deadline);
}
