package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.Furnishings.Container;
import io.adoptd.pipeline.model.Furnishings.X11;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.time.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import reactor.core.publisher.Mono;

/**
 * Adopts by asking the step's slurmstepd over its socket, once; then for the job's namespaces, and last for its X11. What
 * the step has not it never gets once it is set up (Slurm src/slurmd/slurmstepd/mgr.c), so it is asked for that once.
 */
public final class StepdAdoption implements Adoption {

    private static final int SUCCESS = 0;
    private static final int FAILURE = -1;

    /** A display is a comfort: no login waits long for it. */
    private static final Duration X11_AT_MOST = Duration.ofMillis(150);

    private static final Mono<AdoptOutcome> NO_TURN =
            Mono.just(new AdoptOutcome.Failed(Reason.ADOPT_TIMED_OUT, "no turn in time: it is adopting others"));

    private final Stepds stepds;
    private final StepdQuestions questions;

    public StepdAdoption(Stepds stepds) {
        this.stepds = stepds;
        this.questions = new StepdQuestions(stepds);
    }

    @Override
    public Mono<AdoptOutcome> adopt(
            LoginProcess process, ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
        return stepds.inTurn(
                step,
                deadline,
                own -> stepds.adopt(process.pid(), step, own)
                        .map(answer -> answer.fold(StepdAdoption::outcome, StepdAdoption::failed))
                        .flatMap(outcome -> outcome.fold(
                                accepted -> furnishInTurn(step, wants, luggage, own),
                                failed -> Mono.<AdoptOutcome>just(failed))),
                NO_TURN);
    }

    @Override
    public Mono<AdoptOutcome> furnish(ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
        return Mono.defer(() -> {
            Optional<KnownSteps.Acquaintance> met = stepds.acquaintance(step);
            boolean nothing = !(wants.container() && mayHave(met, Furnishing.NAMESPACES))
                    && !(wants.x11() && mayHave(met, Furnishing.X11));
            return nothing
                    ? Mono.just(new AdoptOutcome.Accepted(Furnishings.NONE))
                    : stepds.inTurn(step, deadline, own -> furnishInTurn(step, wants, luggage, own), NO_TURN);
        });
    }

    private Mono<AdoptOutcome> furnishInTurn(ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
        return Mono.defer(() -> {
            Optional<KnownSteps.Acquaintance> met = stepds.acquaintance(step);
            boolean container = wants.container() && mayHave(met, Furnishing.NAMESPACES);
            boolean x11 = wants.x11() && mayHave(met, Furnishing.X11);
            return (container ? container(step, luggage, met, deadline) : Mono.just(Furnishings.NONE.container()))
                    .flatMap(given -> (x11 ? x11(step, met, deadline) : Mono.just(Furnishings.NONE.x11()))
                            .map(tunnel -> new AdoptOutcome.Accepted(new Furnishings(given, tunnel))));
        });
    }

    private static boolean mayHave(Optional<KnownSteps.Acquaintance> met, Furnishing furnishing) {
        return met.isEmpty() || !met.get().lacks(furnishing);
    }

    private Mono<Container> container(
            ExternStep step, Luggage luggage, Optional<KnownSteps.Acquaintance> met, Deadline deadline) {
        return questions
                .namespaces(step, deadline)
                .doOnNext(answer -> answer.fold(told -> keep(told, luggage), failed -> luggage))
                .map(answer -> answer.fold(
                        told -> {
                            if (told.isEmpty()) {
                                met.ifPresent(known -> known.learnLack(Furnishing.NAMESPACES));
                            }
                            return namespaces(told);
                        },
                        failed -> new Furnishings.ContainerUnknown(failed.why())));
    }

    /** First of all, and on the thread that brings them: from here on the luggage answers for them. */
    private Luggage keep(List<Namespace> namespaces, Luggage luggage) {
        namespaces.forEach(namespace -> luggage.keep(() -> stepds.close(namespace)));
        return luggage;
    }

    private static Container namespaces(List<Namespace> told) {
        return new Furnishings.Namespaces(told.stream()
                .map(namespace -> new io.adoptd.pipeline.model.Namespace(namespace.type(), namespace.fd()))
                .toList());
    }

    private Mono<X11> x11(ExternStep step, Optional<KnownSteps.Acquaintance> met, Deadline deadline) {
        return questions
                .x11Display(step, deadline.slice(X11_AT_MOST))
                .map(answer -> answer.fold(
                        told -> {
                            if (told.display() == 0) {
                                met.ifPresent(known -> known.learnLack(Furnishing.X11));
                            }
                            return tunnel(told);
                        },
                        failed -> new Furnishings.TunnelUnknown(failed.why())));
    }

    private static X11 tunnel(X11Display told) {
        return told.display() == 0
                ? new Furnishings.NoTunnel()
                : new Furnishings.Tunnel(told.display(), told.xauthority());
    }

    private static AdoptOutcome outcome(OptionalInt rc) {
        return rc.isPresent()
                ? outcome(rc.getAsInt())
                : new AdoptOutcome.Failed(Reason.ADOPT_STEP_GONE, "its socket is another user's step by now");
    }

    private static AdoptOutcome outcome(int rc) {
        return switch (rc) {
            case SUCCESS -> new AdoptOutcome.Accepted(Furnishings.NONE);
            case FAILURE -> new AdoptOutcome.Failed(Reason.ADOPT_REFUSED, "the slurmstepd answered -1");
            default -> new AdoptOutcome.Failed(Reason.ADOPT_UNREADABLE, "the slurmstepd answered " + rc);
        };
    }

    private static AdoptOutcome failed(StepdAnswer.Failed<OptionalInt> failed) {
        Reason reason = switch (failed.fault()) {
            case ABSENT, GONE -> Reason.ADOPT_STEP_GONE;
            case SILENT -> Reason.ADOPT_TIMED_OUT;
            case UNTRUSTED, UNREADABLE, UNASKED -> Reason.ADOPT_UNREADABLE;
        };
        return new AdoptOutcome.Failed(reason, failed.why());
    }
}
