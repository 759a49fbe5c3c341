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
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.IntToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Finds a user's extern steps by asking every extern slurmstepd of the node, all at once, whose job it runs. */
public final class LocalExternSteps implements ExternSteps {

    private static final Logger log = LoggerFactory.getLogger(LocalExternSteps.class);

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
                    .flatMap(answers -> stepds.read(() -> found(owner, answers), deadline))
                    .onErrorResume(LocalExternSteps::nodeFault);
        });
    }

    /** Whom to ask. */
    private record Survey(Stepds.Place place, List<StepSocket> sockets) {}

    /** What a slurmstepd says of its step. */
    private record Extern(Uid uid, int pid, @Nullable Sluid sluid) {}

    /** What came of asking one. */
    private record Asked(NodeName node, StepSocket socket, StepdAnswer<Extern> answer) {

        Stream<Extern> extern() {
            return answer.fold(Stream::of, failed -> Stream.empty());
        }

        /** Whether the user's job may be among those that are not known. */
        boolean isSilent() {
            return answer.fold(told -> false, failed -> switch (failed.fault()) {
                case GONE, UNTRUSTED -> false;
                case SILENT, UNREADABLE, UNASKED -> true;
            });
        }
    }

    private Survey survey(@Nullable NodeName node) throws NodeFaultException {
        Stepds.Place place = stepds.place(node);
        return new Survey(place, place.directory().externSockets());
    }

    private Mono<List<Asked>> askAll(Survey survey, Uid owner, Deadline early) {
        return Flux.fromIterable(survey.sockets())
                .flatMap(
                        socket -> ask(survey.place(), socket, owner, early),
                        Math.max(1, survey.sockets().size()))
                .collectList();
    }

    private Mono<Asked> ask(Stepds.Place place, StepSocket socket, Uid owner, Deadline early) {
        return stepds.ask(place.partner(socket.path()), peer -> extern(peer, owner), early)
                .map(answer -> new Asked(place.directory().node(), socket, answer))
                .doOnNext(LocalExternSteps::note);
    }

    private static Turn<Extern> extern(Exchange.Peer peer, Uid owner) {
        return Requests.uid(uid -> uid.equals(owner) && peer.version().tellsSluid()
                ? Requests.sluid(sluid -> new Turn.Done<>(new Extern(uid, peer.pid(), sluid)))
                : new Turn.Done<>(new Extern(uid, peer.pid(), null)));
    }

    private static void note(Asked asked) {
        if (asked.answer() instanceof Failed<Extern> failed) {
            if (failed.fault() == StepdFault.UNTRUSTED) {
                log.warn("{} is not a slurmstepd's socket: {}", asked.socket().path(), failed.why());
            } else {
                log.debug("{}: {}, {}", asked.socket().path(), failed.fault(), failed.why());
            }
        }
    }

    /** Blocking, for the start times. */
    private StepsAnswer found(Uid owner, List<Asked> all) {
        List<ExternStep> owned = all.stream()
                .flatMap(asked -> asked.extern()
                        .filter(extern -> extern.uid().equals(owner))
                        .map(extern -> step(asked, extern)))
                .toList();
        int silent = (int) all.stream().filter(Asked::isSilent).count();
        return new Found(new OwnedSteps(owned, silent));
    }

    private ExternStep step(Asked asked, Extern extern) {
        StepSocket socket = asked.socket();
        var began = new StepBegin(startTicks.applyAsLong(extern.pid()), socket.born());
        String sluid = extern.sluid() == null ? null : extern.sluid().text();
        return new ExternStep(asked.node(), socket.job(), socket.hetComponent(), extern.uid(), began, sluid);
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
