package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.StepsAnswer.Found;
import io.adoptd.pipeline.model.StepsAnswer.NodeFault;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.NodeFaultException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds a user's extern steps by looking at what is there, and asking every extern slurmstepd of the node whose job it
 * runs that has not told yet, all at once.
 */
public final class LocalExternSteps implements ExternSteps {

    /** Between two looks for a step that is just starting: it grows. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(5);

    private static final Duration LONGEST_PAUSE = Duration.ofMillis(40);

    private final Stepds stepds;

    public LocalExternSteps(Stepds stepds) {
        this.stepds = stepds;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The slurmstepds have nine tenths of the time, so that what the others said is not lost to a silent one; and one
     * that was silent before has none, it is counted as silent at once. A socket where nobody listens, or whose
     * slurmstepd hangs up, is of a step that has ended: it does not count. But if the user has no step that is set up,
     * and one may be just starting, it is looked for again for as long as {@link StepsSettings#starting}.
     */
    @Override
    public Mono<StepsAnswer> ownedBy(Uid owner, @Nullable NodeName node, Deadline deadline) {
        return new Search(stepds, owner, node)
                .answer(deadline)
                .<StepsAnswer>map(answer -> new Found(answer.owned()))
                .onErrorResume(LocalExternSteps::nodeFault);
    }

    /** One login's. */
    private record Search(
            Stepds stepds, Uid owner, @Nullable NodeName node) {

        Mono<KnownSteps.Answer> answer(Deadline deadline) {
            return stepds.look(owner, node, deadline)
                    .flatMap(view ->
                            answer(view.sight(), Patience.within(view.deadline(), stepds.settings()), FIRST_PAUSE));
        }

        private Mono<KnownSteps.Answer> answer(KnownSteps.Sight sight, Patience patience, Duration pause) {
            return sight.of(owner, patience.early())
                    .flatMap(answer ->
                            answer.mayBeBeginning() && !patience.starting().hasPassed()
                                    ? lookAgain(patience, pause)
                                    : Mono.just(answer));
        }

        private Mono<KnownSteps.Answer> lookAgain(Patience patience, Duration pause) {
            Duration next = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            return Mono.delay(pause, patience.all().timers())
                    .then(stepds.look(owner, node, patience.all()))
                    .flatMap(view -> answer(view.sight(), patience, next));
        }
    }

    /**
     * How long a login waits for what.
     *
     * @param all until when it waits at all
     * @param early until when slurmstepds are waited for
     * @param starting until when a step is waited for that may be just starting
     */
    private record Patience(Deadline all, Deadline early, Deadline starting) {

        static Patience within(Deadline all, StepsSettings settings) {
            Deadline early = all.slice(all.remaining().multipliedBy(9).dividedBy(10));
            return new Patience(all, early, early.slice(settings.starting()));
        }
    }

    /** What the node does wrong is an answer. Anything else is our bug and stays an error. */
    private static Mono<StepsAnswer> nodeFault(Throwable e) {
        if (e instanceof NodeFaultException fault) {
            return Mono.just(new NodeFault(fault.reason(), fault.why()));
        }
        if (e instanceof TimeoutException) {
            return Mono.just(new NodeFault(Reason.STEPS_TIMED_OUT, "slurm.conf or the spool directory took too long"));
        }
        if (e instanceof RejectedExecutionException) {
            return Mono.just(new NodeFault(Reason.STEPS_TIMED_OUT, "too many logins wait for the spool directory"));
        }
        return Mono.error(e);
    }
}
