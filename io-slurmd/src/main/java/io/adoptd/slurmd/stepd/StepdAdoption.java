package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** Adopts by asking the step's slurmstepd over its socket, once. */
public final class StepdAdoption implements Adoption {

    private static final int SUCCESS = 0;
    private static final int FAILURE = -1;

    private final Stepds stepds;

    public StepdAdoption(Stepds stepds) {
        this.stepds = stepds;
    }

    @Override
    public Mono<AdoptOutcome> adopt(LoginProcess process, ExternStep step, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.addExternPid(process.pid(), Turn.Done::new), deadline)
                .map(answer -> answer.fold(StepdAdoption::outcome, StepdAdoption::failed));
    }

    private static AdoptOutcome outcome(int rc) {
        return switch (rc) {
            case SUCCESS -> new AdoptOutcome.Accepted();
            case FAILURE -> new AdoptOutcome.Failed(Reason.ADOPT_REFUSED, "the slurmstepd answered -1");
            default -> new AdoptOutcome.Failed(Reason.ADOPT_UNREADABLE, "the slurmstepd answered " + rc);
        };
    }

    private static AdoptOutcome failed(StepdAnswer.Failed<Integer> failed) {
        Reason reason = switch (failed.fault()) {
            case GONE -> Reason.ADOPT_STEP_GONE;
            case SILENT -> Reason.ADOPT_TIMED_OUT;
            case UNTRUSTED, UNREADABLE, UNASKED -> Reason.ADOPT_UNREADABLE;
        };
        return new AdoptOutcome.Failed(reason, failed.why());
    }
}
