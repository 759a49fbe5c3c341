package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** The slurmstepd that takes a process into its extern step, and furnishes it with what its job has. */
public interface Adoption {

    /**
     * Asks the step's slurmstepd to take the process in. The one act of a login: it is asked once, and may still happen
     * after a cancel or a timeout. What the session wants besides is asked for right after; that it does not come makes
     * no failure of the adoption.
     *
     * @param luggage takes the descriptors of the namespaces that come
     * @return exactly one outcome, at the deadline the latest; a slurmstepd that is gone, silent or refuses is an
     *     outcome, not an error
     */
    Mono<AdoptOutcome> adopt(LoginProcess process, ExternStep step, Wants wants, Luggage luggage, Deadline deadline);

    /**
     * Asks for what a process wants that is in the step already. Nothing is taken in.
     *
     * @return as {@link #adopt}; accepted whenever the slurmstepd could be asked at all
     */
    Mono<AdoptOutcome> furnish(ExternStep step, Wants wants, Luggage luggage, Deadline deadline);
}
