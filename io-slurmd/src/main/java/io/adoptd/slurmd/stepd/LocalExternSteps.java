package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.StepsAnswer.Found;
import io.adoptd.pipeline.model.StepsAnswer.NodeFault;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Finds a user's extern steps by asking every extern slurmstepd of the node, all at once, whose job it runs. */
public final class LocalExternSteps implements ExternSteps {

    private static final Logger log = LoggerFactory.getLogger(LocalExternSteps.class);

    private static final long UNKNOWN_TICKS = 0;

    private final Stepds stepds;
    private final IntToLongFunction startTicks;

    /**
     * @param startTicks when a process started, in clock ticks since boot; 0 when that cannot be told. May block
     */
    public LocalExternSteps(Stepds stepds, IntToLongFunction startTicks) {
        this.stepds = stepds;
        this.startTicks = startTicks;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The slurmstepds have nine tenths of the time, so that what the others said is not lost to a silent one. A
     * socket where nobody listens, or whose slurmstepd hangs up, is of a step that has ended: it does not count.
     */
    @Override
    public Mono<StepsAnswer> ownedBy(Uid owner, @Nullable NodeName node, Deadline deadline) {
        return Mono.defer(() -> {
            Deadline early = deadline.slice(deadline.remaining().multipliedBy(9).dividedBy(10));
            return stepds.read(() -> survey(node), deadline)
                    .flatMap(survey -> askAll(survey, owner, early))
                    .map(LocalExternSteps::found)
                    .onErrorResume(LocalExternSteps::nodeFault);
        });
    }

    /** Whom to ask. */
    private record Survey(Stepds.Place place, List<StepSocket> sockets) {}

    /** What a slurmstepd says of its step. */
    private record Extern(Uid uid, int pid, @Nullable Sluid sluid) {}

    /**
     * What came of asking one.
     *
     * @param owned the step, if it is the user's
     * @param silent whether it may be the user's for all we know
     */
    private record Finding(Optional<ExternStep> owned, boolean silent) {}

    private Survey survey(@Nullable NodeName node) throws NodeFaultException {
        Stepds.Place place = stepds.place(node);
        return new Survey(place, place.directory().externSockets());
    }

    private Mono<List<Finding>> askAll(Survey survey, Uid owner, Deadline early) {
        int all = Math.max(1, survey.sockets().size());
        return Flux.fromIterable(survey.sockets())
                .flatMap(socket -> ask(survey.place(), socket, owner, early), all)
                .collectList();
    }

    private Mono<Finding> ask(Stepds.Place place, StepSocket socket, Uid owner, Deadline early) {
        NodeName node = place.directory().node();
        return stepds.ask(place.partner(socket.path()), peer -> extern(peer, owner), early)
                .flatMap(answer -> answer.fold(
                        extern -> extern.uid().equals(owner)
                                ? began(socket, extern, early).map(began -> owned(node, socket, extern, began))
                                : Mono.just(new Finding(Optional.empty(), false)),
                        failed -> Mono.just(unanswered(socket, failed))));
    }

    private static Turn<Extern> extern(Exchange.Peer peer, Uid owner) {
        return Requests.uid(uid -> uid.equals(owner) && peer.version().tellsSluid()
                ? Requests.sluid(sluid -> new Turn.Done<>(new Extern(uid, peer.pid(), sluid)))
                : new Turn.Done<>(new Extern(uid, peer.pid(), null)));
    }

    /** A job that is known is not lost because /proc is slow: its slurmstepd then counts as one of unknown age. */
    private Mono<StepBegin> began(StepSocket socket, Extern extern, Deadline early) {
        return stepds.read(() -> startTicks.applyAsLong(extern.pid()), early)
                .onErrorReturn(Stepds::isOverdue, UNKNOWN_TICKS)
                .map(ticks -> new StepBegin(ticks, socket.born()));
    }

    private static Finding owned(NodeName node, StepSocket socket, Extern extern, StepBegin began) {
        String sluid = extern.sluid() == null ? null : extern.sluid().text();
        var step = new ExternStep(node, socket.job(), socket.hetComponent(), extern.uid(), began, sluid);
        return new Finding(Optional.of(step), false);
    }

    private static Finding unanswered(StepSocket socket, Failed<Extern> failed) {
        log.debug("{}: {}, {}", socket.path(), failed.fault(), failed.why());
        boolean silent = switch (failed.fault()) {
            case GONE, UNTRUSTED -> false;
            case SILENT, UNREADABLE, UNASKED -> true;
        };
        return new Finding(Optional.empty(), silent);
    }

    private static StepsAnswer found(List<Finding> findings) {
        List<ExternStep> owned =
                findings.stream().flatMap(finding -> finding.owned().stream()).toList();
        int silent = (int) findings.stream().filter(Finding::silent).count();
        return new Found(new OwnedSteps(owned, silent));
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
