package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpServer;

/**
 * Asks the slurmd at a login's source over TCP which job opened the login's connection. What it answers counts only with
 * a credential of root, SlurmUser or SlurmdUser that is bound to the answer. Slurm's own client is more trusting; whoever
 * holds the source's address may answer there.
 *
 * <p>A host may be several nodes, each with a slurmd on a port of its own. Any of them sees the connection, but each tells
 * only the jobs of its own node: it looks for the process among its own slurmstepds (Slurm src/api/job_info.c, {@code
 * slurm_pid2jobid}, and src/slurmd/slurmd/req.c, {@code _rpc_pid2jid}, 22.05 to 26.05). So all of them are asked, up to
 * {@value #AT_ONCE} at a time; the first that names a job is right, and the others are not asked any more.
 *
 * <p>A slurmd does not always listen at the address that the login comes from, though it knows the connection: without
 * {@code EnableIPv6} it listens on IPv4 alone, with {@code NoInAddrAny} at its NodeAddr alone. So a login from an IPv6 or
 * a loopback address is also asked about at the other addresses of that node, one after the other, once the first is
 * found not to answer or has had its {@link #HEAD_START}.
 */
public final class SlurmdCallerid implements Callerid, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SlurmdCallerid.class);

    private static final int WARM_UPS = 3;

    /** How many slurmds of one host a login asks at once. */
    static final int AT_ONCE = 32;

    /** How long the login's source address alone is asked, before the node's other addresses are too. */
    static final Duration HEAD_START = Duration.ofMillis(100);

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
                return Mono.just(noTimeLeft());
            }
            SlurmdSettings now = settings.get();
            InetAddress source = login.source().address();
            if (source instanceof Inet6Address && source.isLinkLocalAddress()) {
                return Mono.just(new NoAnswer(Failure.UNREACHABLE, "a link-local address, without its interface"));
            }
            Mono<CalleridAnswer> there = askAt(source, login, now, deadline);
            return source instanceof Inet6Address || source.isLoopbackAddress()
                    ? firstOrElsewhere(there, login, now, deadline)
                    : there;
        });
    }

    /** What the slurmd at the source address said, or if that is no answer, at another address of its node. */
    private Mono<CalleridAnswer> firstOrElsewhere(
            Mono<CalleridAnswer> first, Connection login, SlurmdSettings now, Deadline deadline) {
        Sinks.Empty<Void> failed = Sinks.empty(); // an answer cancels all of this before it is heard to have ended
        Mono<Void> headStart = Mono.delay(HEAD_START, deadline.timers()).then();
        return Flux.merge(
                        first.doAfterTerminate(failed::tryEmitEmpty),
                        Mono.firstWithSignal(failed.asMono(), headStart)
                                .thenMany(Flux.defer(() -> askElsewhere(login, now, deadline))))
                .takeUntil(answer -> !isNone(answer))
                .reduce(SlurmdCallerid::better);
    }

    private Flux<CalleridAnswer> askElsewhere(Connection login, SlurmdSettings now, Deadline deadline) {
        return now.otherAddresses()
                .apply(login.source().address())
                .timeout(deadline.remaining(), Mono.just(List.of()), deadline.timers())
                .publishOn(deadline.timers()) // from the thread that looks names up
                .flatMapMany(Flux::fromIterable)
                .concatMap(address -> askAt(address, login, now, deadline), 1)
                .takeUntil(answer -> !isNone(answer));
    }

    private static CalleridAnswer noTimeLeft() {
        return new NoAnswer(Failure.TIMED_OUT, "no time left to ask");
    }

    private static boolean isNone(CalleridAnswer answer) {
        return answer instanceof NoAnswer;
    }

    private Mono<CalleridAnswer> askAt(InetAddress address, Connection login, SlurmdSettings now, Deadline deadline) {
        List<InetSocketAddress> there = now.slurmdsAt(address);
        return there.size() == 1
                ? askOne(login, there.get(0), now, deadline, CalleridQuestion::ask)
                : askSeveral(there, login, now, deadline);
    }

    /**
     * All slurmds of a host: first in the plain form, for that is the usual one, then in the v4-mapped form those to which
     * the connection was unknown.
     */
    private Mono<CalleridAnswer> askSeveral(
            List<InetSocketAddress> there, Connection login, SlurmdSettings now, Deadline deadline) {
        return askEach(there, NetworkCalleridRequest.of(login), login, now, deadline)
                .flatMap(plain -> {
                    List<InetSocketAddress> again = toAskAgain(plain, login);
                    return again.isEmpty()
                            ? Mono.just(plain)
                            : askEach(again, NetworkCalleridRequest.mapped(login), login, now, deadline)
                                    .map(mapped -> Stream.concat(plain.stream(), mapped.stream())
                                            .toList());
                })
                .map(all -> all.stream()
                        .map(Told::answer)
                        .reduce(SlurmdCallerid::better)
                        .orElseThrow());
    }

    /** What one of several slurmds said. */
    private record Told(InetSocketAddress by, CalleridAnswer answer) {}

    /** The slurmds to which the plain form of an IPv4 connection is unknown, if none named a job. */
    private static List<InetSocketAddress> toAskAgain(List<Told> plain, Connection login) {
        boolean isOver = plain.stream().anyMatch(told -> told.answer() instanceof SourceJob);
        return isOver || !(login.source().address() instanceof Inet4Address)
                ? List.of()
                : plain.stream()
                        .filter(told -> told.answer() instanceof Indeterminate)
                        .map(Told::by)
                        .toList();
    }

    /** Asks until one names a job. Past the deadline nobody is asked any more. */
    private Mono<List<Told>> askEach(
            List<InetSocketAddress> there,
            NetworkCalleridRequest request,
            Connection login,
            SlurmdSettings now,
            Deadline deadline) {
        return Flux.fromIterable(there)
                .flatMap(
                        slurmd -> Mono.defer(() -> deadline.hasPassed()
                                        ? Mono.just(noTimeLeft())
                                        : askOne(login, slurmd, now, deadline, question -> question.ask(request)))
                                .map(answer -> new Told(slurmd, answer)),
                        AT_ONCE)
                .takeUntil(told -> told.answer() instanceof SourceJob)
                .collectList();
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
            Connection login,
            InetSocketAddress slurmd,
            SlurmdSettings now,
            Deadline deadline,
            Function<CalleridQuestion, Mono<Outcome>> how) {
        return sources.ask(
                slurmd,
                (until, reached) -> how.apply(new CalleridQuestion(this, login, slurmd, now, until, reached)),
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
