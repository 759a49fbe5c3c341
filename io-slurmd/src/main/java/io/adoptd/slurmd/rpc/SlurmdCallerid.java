package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/**
 * Asks the slurmd at a login's source over TCP which job opened the login's connection. What it answers counts only with
 * a credential of root, SlurmUser or SlurmdUser that is bound to the answer. Slurm's own client is more trusting; whoever
 * holds the source's address may answer there.
 *
 * <p>A host may be several nodes, each with a slurmd on a port of its own. All of them are asked at once: the job is the
 * one that any of them names.
 */
public final class SlurmdCallerid implements Callerid, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SlurmdCallerid.class);

    private static final int WARM_UPS = 3;

    private final Credentials credentials;
    private final Supplier<SlurmdSettings> settings;
    private final Supplier<SlurmVersion> local;
    private final Sources sources;
    private final SlurmdExchange slurmds;
    private final UntrustedLog untrusted = new UntrustedLog();

    /** A port that hangs up on the first byte. */
    private final TcpServer nobody;

    /**
     * @param credentials of root: a slurmd makes the credential of its answer for the user who asked
     * @param settings read for every login, on its thread: they must be at hand
     * @param local what the slurmstepds of this node speak, for a cluster is usually of one release;
     *     {@link SlurmVersion#COMMON} while that is unknown
     * @param sources what earlier logins learnt; whose they are closes them
     * @param loops whose they are closes them
     */
    public SlurmdCallerid(
            Credentials credentials,
            Supplier<SlurmdSettings> settings,
            Supplier<SlurmVersion> local,
            Sources sources,
            LoopResources loops) {
        this.credentials = credentials;
        this.settings = settings;
        this.local = local;
        this.sources = sources;
        this.slurmds = new SlurmdExchange(loops);
        this.nobody = TcpServer.create()
                .runOn(loops)
                .bindAddress(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .handle((in, out) -> in.receive().take(1).then());
    }

    @Override
    public Mono<CalleridAnswer> ask(Connection login, Deadline deadline) {
        return Mono.defer(() -> {
            if (deadline.hasPassed()) {
                return Mono.just(new NoAnswer(Failure.TIMED_OUT, "no time left to ask"));
            }
            SlurmdSettings now = settings.get();
            List<InetSocketAddress> there = now.slurmdsAt(login.source().address());
            return there.size() == 1
                    ? askOne(login, there.get(0), now, deadline)
                    : Flux.fromIterable(there)
                            .flatMap(slurmd -> askOne(login, slurmd, now, deadline), there.size())
                            .takeUntil(SourceJob.class::isInstance)
                            .reduce(SlurmdCallerid::better);
        });
    }

    /**
     * Does what a question does, with nobody: the first login would otherwise wait for classes and for munge's library to
     * be loaded, which takes longer than a slurmd. It asks a port of this host that hangs up, and hears an answer that it
     * has made itself.
     *
     * @return when it is done, at the deadline the latest. What goes wrong here goes wrong again, and is told, at the
     *     first login
     */
    public Mono<Void> warmUp(Deadline deadline) {
        return Mono.usingWhen(
                        nobody.bind(),
                        server -> warmUp((InetSocketAddress) server.address(), deadline),
                        server -> Mono.fromRunnable(server::dispose))
                .timeout(deadline.remaining(), deadline.timers())
                .onErrorResume(e -> {
                    log.debug("warming up", e);
                    return Mono.empty();
                });
    }

    private Mono<Void> warmUp(InetSocketAddress nobodys, Deadline deadline) {
        var end = new Endpoint(nobodys.getAddress(), nobodys.getPort());
        var root = new Uid(0);
        var question = new CalleridQuestion(
                this,
                new Connection(end, end),
                nobodys,
                new SlurmdSettings(nobodys.getPort(), root, root),
                deadline,
                () -> {});
        return question.ask().then(question.hearItself()).repeat(WARM_UPS - 1).then();
    }

    /** Writes what the log does not yet say. */
    @Override
    public void close() {
        untrusted.close();
    }

    private Mono<CalleridAnswer> askOne(
            Connection login, InetSocketAddress slurmd, SlurmdSettings now, Deadline deadline) {
        return sources.ask(
                slurmd,
                (until, reached) -> new CalleridQuestion(this, login, slurmd, now, until, reached).ask(),
                deadline);
    }

    /** A job is what the login wants to know; failing that, that it is unknown; failing that, what most needs a look. */
    private static CalleridAnswer better(CalleridAnswer one, CalleridAnswer other) {
        return rank(other) < rank(one) ? other : one;
    }

    private static int rank(CalleridAnswer answer) {
        return answer.fold(
                job -> 0,
                unknown -> 1,
                none -> 2
                        + switch (none.failure()) {
                            case UNTRUSTED -> 0;
                            case UNREADABLE -> 1;
                            case SLURM_ERROR -> 2;
                            case NO_CREDENTIALS -> 3;
                            case TIMED_OUT -> 4;
                            case BUSY -> 5;
                            case UNREACHABLE -> 6;
                            case REFUSED -> 7;
                            case NO_CONNECTION -> 8;
                        });
    }

    // What a question needs.

    Credentials credentials() {
        return credentials;
    }

    SlurmdExchange slurmds() {
        return slurmds;
    }

    Sources sources() {
        return sources;
    }

    UntrustedLog untrusted() {
        return untrusted;
    }

    /** The word to ask in first. */
    SlurmVersion firstWord() {
        SlurmVersion hint = local.get();
        return hint.spoken() ? hint : SlurmVersion.COMMON;
    }
}
