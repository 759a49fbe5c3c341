package io.adoptd.gateway.server;

import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.LoginRequest;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.Answer;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.gateway.wire.Request;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.Decision;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Namespace;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Stage;
import io.adoptd.pipeline.model.Verdict;
import io.adoptd.pipeline.policy.LoginPolicy;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * What happens to a request between its frame and its reply: admission, decision, the one log line. It knows nothing of
 * sockets.
 */
public final class LoginDesk {

    /**
     * Who asks.
     *
     * @param socket the server's end of the connection
     * @param pid as the kernel named it when it connected; for the log
     */
    record Client(int socket, int pid) {}

    /**
     * What a client is told.
     *
     * @param descriptors that go with the reply, still the luggage's
     * @param afterwards what to do once the reply is sent, or could not be: sshd need not wait for it
     */
    record Answered(Reply reply, List<Integer> descriptors, Runnable afterwards) {

        static Answered plain(Reply reply) {
            return new Answered(reply, List.of(), () -> {});
        }
    }

    /** The logger of the lines about logins. */
    public static final String LOG = "io.adoptd.login";

    private static final Logger log = LoggerFactory.getLogger(LOG);
    private static final Logger faults = LoggerFactory.getLogger(LoginDesk.class);

    /** How long before the module gives up the daemon answers at the latest. */
    private static final Duration HEAD_START = Duration.ofMillis(250);

    private final LoginPipeline pipeline;
    private final Caller.Identification identification;
    private final LoginClock clock;
    private final Duration loginDeadline;
    private final int maxLogins;
    private final Mono<Reply.Pong> pong;
    private final Commands commands;

    private final AtomicInteger open;
    private final AtomicLong decided;
    private final AtomicLong arrived = new AtomicLong();

    /**
     * A desk.
     *
     * @param identification names the process of a login
     * @param maxLogins how many logins are decided at once; one more is refused as {@code busy}
     * @param open counts the logins under way
     * @param decided counts the logins that got a verdict
     * @param pong what to answer a PING with
     * @param commands what to do at a COMMAND
     */
    public LoginDesk(
            LoginPipeline pipeline,
            Caller.Identification identification,
            LoginClock clock,
            Duration loginDeadline,
            int maxLogins,
            AtomicInteger open,
            AtomicLong decided,
            Mono<Reply.Pong> pong,
            Commands commands) {
        this.pipeline = pipeline;
        this.identification = identification;
        this.clock = clock;
        this.loginDeadline = loginDeadline;
        this.maxLogins = maxLogins;
        this.open = open;
        this.decided = decided;
        this.pong = pong;
        this.commands = commands;
    }

    /** Where the time of a client is kept. */
    Scheduler timers() {
        return clock.timers();
    }

    /**
     * Answers one frame.
     *
     * @param client who asks
     * @param luggage takes what the login is given; the caller closes it once the answer is sent
     * @return exactly one answer, never an error; a cancel stops the login
     */
    Mono<Answered> answer(byte[] frame, Client client, Luggage luggage) {
        return Mono.fromCallable(() -> Request.decode(frame))
                .flatMap(request -> request.fold(
                        login -> admitted(login, client, luggage),
                        ping -> pong.map(Answered::plain),
                        command -> commands.run(command).map(Answered::plain)))
                .onErrorResume(FrameException.class, e -> unreadable(e, client.pid()))
                .onErrorResume(bug -> Mono.just(internal(bug, client.pid())));
    }

    private Mono<Answered> admitted(LoginRequest request, Client client, Luggage luggage) {
        if (open.incrementAndGet() > maxLogins) {
            open.decrementAndGet();
            log.warn(LogLine.of("login.refused")
                    .with("user", request.user())
                    .word("why", "busy")
                    .with("logins.max", maxLogins)
                    .toString());
            return Mono.just(Answered.plain(new Refused("busy", "more than " + maxLogins + " logins at once")));
        }
        return decide(request, client, luggage).doFinally(end -> open.decrementAndGet());
    }

    private Mono<Answered> decide(LoginRequest request, Client client, Luggage luggage) {
        long began = clock.now();
        String id = Long.toString(arrived.incrementAndGet(), 36);
        Deadline deadline = Deadline.in(patienceOf(request), clock);
        var line = new Line();
        return identification
                .of(client.socket(), whose(request.phase()))
                .flatMap(caller -> caller.fold(
                        known -> pipeline.decide(login(id, known.process(), request), luggage, deadline),
                        unknown -> Mono.just(nobody(unknown, request))))
                .onErrorResume(bug -> Mono.just(ourFault(bug, request)))
                .map(verdict -> {
                    Duration took = Duration.ofNanos(clock.now() - began);
                    decided.incrementAndGet();
                    line.isKnown(() -> note(id, request, client, verdict, took));
                    return reply(id, verdict, line::write);
                })
                .doOnCancel(() -> {
                    if (!line.write()) { // else the login has its verdict, which may not reach the client
                        abandoned(id, request, client, Duration.ofNanos(clock.now() - began));
                    }
                });
    }

    private static Caller.Whose whose(Phase phase) {
        return phase == Phase.ACCOUNT_BY_HELPER ? Caller.Whose.PARENT : Caller.Whose.PEER;
    }

    /** The daemon's own deadline, or what the module still waits less a head start, whichever is less. */
    private Duration patienceOf(LoginRequest request) {
        Duration half = request.patience().dividedBy(2);
        Duration early = request.patience().minus(HEAD_START);
        Duration patience = early.compareTo(half) > 0 ? early : half;
        return patience.compareTo(loginDeadline) < 0 ? patience : loginDeadline;
    }

    private static Login login(String id, LoginProcess process, LoginRequest request) {
        return new Login(
                id,
                request.phase(),
                process,
                request.user(),
                request.uid(),
                request.service(),
                request.connection(),
                request.node(),
                request.options(),
                request.job());
    }

    private static Verdict nobody(Caller.Unknown unknown, LoginRequest request) {
        return new LoginPolicy(request.options())
                .whenNodeFault(Reason.PROCESS_UNKNOWN)
                .by(List.of(new Stage("caller", "unknown", unknown.why(), Duration.ZERO)));
    }

    /** The one place where a bug of ours becomes a verdict. */
    private static Verdict ourFault(Throwable bug, LoginRequest request) {
        faults.error("login.failed", bug);
        return new LoginPolicy(request.options()).whenNodeFault(Reason.INTERNAL);
    }

    private static Answered internal(Throwable bug, int peerPid) {
        faults.error(LogLine.of("request.failed").with("pid", peerPid).toString(), bug);
        return Answered.plain(new Refused("internal", "adoptd failed; its log has the reason"));
    }

    private static Mono<Answered> unreadable(FrameException e, int peerPid) {
        faults.warn(LogLine.of("request.refused")
                .with("pid", peerPid)
                .word("reason", e.reason())
                .with("why", e.why())
                .toString());
        return Mono.just(Answered.plain(new Refused(e.reason(), e.why())));
    }

    /** What is to be said of a login that has its verdict: once, when nobody waits for it. */
    private static final class Line {

        private final AtomicReference<Runnable> unwritten = new AtomicReference<>();
        private volatile boolean known;

        void isKnown(Runnable line) {
            unwritten.set(line);
            known = true;
        }

        /** @return false if there is no verdict yet */
        boolean write() {
            boolean toBeWritten = known;
            Runnable line = unwritten.getAndSet(null);
            if (line != null) {
                line.run();
            }
            return toBeWritten;
        }
    }

    private static void note(String id, LoginRequest request, Client client, Verdict verdict, Duration took) {
        var line = about("login.decided", id, request, client)
                .word("verdict", verdict.decision().code())
                .word("reason", verdict.reason().code());
        JobId job = verdict.job();
        if (job != null) {
            line.with("job", job.value());
        }
        line.with("took_ms", took);
        for (Stage stage : verdict.stages()) {
            line.word(stage.name(), stage.outcome())
                    .with(stage.name() + "_why", stage.why())
                    .with(stage.name() + "_ms", stage.took());
        }
        if (isWorthAWarning(verdict)) {
            log.warn(line.toString());
        } else {
            log.info(line.toString());
        }
    }

    /** The user got in outside a job, a fault decided, or the job is a guess because a question failed. */
    private static boolean isWorthAWarning(Verdict verdict) {
        return switch (verdict.reason()) {
            case ONLY_JOB, SOURCE_JOB, ACCOUNT_JOB, ACCOUNT_DECIDED, NO_JOBS -> false;
            case NEWEST_JOB -> wasTheSourceAsked(verdict);
            case SOURCE_UNKNOWN -> verdict.decision() != Decision.DENIED;
            default -> true;
        };
    }

    /** A login without a TCP connection has no source to ask: for it the newest job is the answer, and no guess. */
    private static boolean wasTheSourceAsked(Verdict verdict) {
        return verdict.stages().stream()
                .anyMatch(stage ->
                        stage.name().equals("callerid") && !stage.outcome().equals(Failure.NO_CONNECTION.code()));
    }

    private static void abandoned(String id, LoginRequest request, Client client, Duration took) {
        log.warn(about("login.abandoned", id, request, client)
                .with("took_ms", took)
                .with("why", "the client closed before its verdict")
                .toString());
    }

    private static LogLine about(String event, String id, LoginRequest request, Client client) {
        var line = LogLine.of(event)
                .word("login", id)
                .with("user", request.user())
                .with("uid", request.uid().value())
                .with("service", request.service())
                .with("pid", client.pid())
                .word("phase", request.phase().code());
        return request.connection() == null
                ? line.with("rhost", request.rhost())
                : line.with("source", request.connection().source().toString());
    }

    private static Answered reply(String id, Verdict verdict, Runnable afterwards) {
        Answer answer = switch (verdict.decision()) {
            case ADOPTED, ALLOWED -> Answer.SUCCESS;
            case IGNORED -> Answer.IGNORE;
            case DENIED -> Answer.DENY;
        };
        var reply = new VerdictReply(
                answer,
                verdict.reason().code(),
                verdict.message(),
                Reply.variables(verdict.environment()),
                verdict.namespaces().stream().map(Namespace::type).toList(),
                id,
                verdict.stages().stream().map(LoginDesk::told).collect(Collectors.joining(" ")));
        return new Answered(
                reply, verdict.namespaces().stream().map(Namespace::descriptor).toList(), afterwards);
    }

    private static String told(Stage stage) {
        return LogLine.of(stage.name() + "=" + stage.outcome())
                .with(stage.name() + "_ms", stage.took())
                .toString();
    }
}
