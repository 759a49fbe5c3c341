package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.auth.VerifyAnswer.VerifiedCredential;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.message.ReturnCode;
import io.adoptd.slurmd.rpc.Outcome.Sign;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.netty.channel.ChannelException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;

/**
 * One login's question to one slurmd. It may take up to three attempts, one after the other, each on a connection and
 * with a credential of its own. Connecting has a budget; what comes once a slurmd has taken a connection, which is
 * credentials, answers and further attempts, has one together; and all of it ends at one deadline:
 *
 * <ul>
 *   <li>A slurmd that does not speak the word of a request says so in one of three ways, none of which says it clearly;
 *       it is then asked again in {@link SlurmVersion#COMMON}.
 *   <li>A slurmd that does not know an IPv4 connection is asked again for its v4-mapped form. It compares what it is
 *       asked with the rows of its own /proc/net/tcp and tcp6 as they stand (Slurm src/common/callerid.c, 22.05 to 26.05),
 *       and the client's end of an IPv4 connection stands in tcp6 if its socket is of AF_INET6, as Java's are. sshd's end
 *       tells nothing of that. It costs a second answer wherever the first was "unknown", which is rare (who comes from
 *       a host that runs a slurmd comes from a job there) and comes before a choice that may be wrong.
 * </ul>
 *
 * <p>An attempt connects first and has its credential made when it is through, so a port that refuses costs one round
 * trip and nothing else. The credential can't be made ahead of the login: it is bound to the hash of the question, and
 * the login's port is in that. One that is bound to nothing could be made ahead, and a slurmd may take it, but whoever
 * gets hold of it within its time to live (300 s) could have root's name under any request that he likes.
 */
final class CalleridQuestion {

    private static final NetworkCalleridResponse IN_VAIN = new NetworkCalleridResponse(
            0,
            NetworkCalleridResponse.NO_VAL,
            NetworkCalleridResponse.NO_VAL,
            NetworkCalleridResponse.NO_VAL,
            0,
            "nobody");

    private final SlurmdCallerid by;
    private final Connection login;
    private final InetSocketAddress slurmd;
    private final SlurmdSettings settings;
    private final Deadline deadline;
    private final Sources.Patience patience;
    private final Runnable reached;

    /** Since the first connection was taken. */
    private volatile @Nullable Deadline answering;

    /**
     * @param deadline of all of it, whatever the budgets are
     * @param reached called whenever the slurmd's port has taken a connection
     */
    CalleridQuestion(
            SlurmdCallerid by,
            Connection login,
            InetSocketAddress slurmd,
            SlurmdSettings settings,
            Deadline deadline,
            Runnable reached) {
        this.by = by;
        this.login = login;
        this.slurmd = slurmd;
        this.settings = settings;
        this.deadline = deadline;
        this.patience = by.sources().patience();
        this.reached = reached;
    }

    /** What is left for credentials and answers. */
    private Deadline answering() {
        Deadline begun = answering;
        return begun == null ? deadline : begun;
    }

    /** Asks. Exactly one outcome, at the deadline the latest; an error is a bug of ours. */
    Mono<Outcome> ask() {
        return inEitherVersion(NetworkCalleridRequest.of(login))
                .flatMap(this::perhapsMapped)
                .map(Result::outcome);
    }

    /** Asks in one form alone: for a slurmd that is one of several on its host, see {@link SlurmdCallerid}. */
    Mono<Outcome> ask(NetworkCalleridRequest request) {
        return inEitherVersion(request).map(Result::outcome);
    }

    private Mono<Result> inEitherVersion(NetworkCalleridRequest request) {
        return new Attempt(by.firstWord(), request).result().flatMap(first -> perhapsInTheCommonWord(first, request));
    }

    /** Hears an answer that it has made itself, as far as this process may make one that is believed. */
    Mono<Outcome> hearItself() {
        var attempt = new Attempt(by.firstWord(), NetworkCalleridRequest.of(login));
        Bytes body = IN_VAIN.encode(attempt.word);
        return by.credentials()
                .make(BodyHash.K12.payload(NetworkCalleridResponse.TYPE, body), deadline)
                .map(answer -> answer.fold(
                        made -> attempt.read(RpcFrame.request(
                                        attempt.word,
                                        NetworkCalleridResponse.TYPE,
                                        new AuthBlock(by.credentials().plugin(), made.credential()),
                                        body)
                                .encode()),
                        none -> new Reply.Fault(Failure.NO_CREDENTIALS, none.why(), Sign.NONE)))
                .flatMap(attempt::judge)
                .map(Result::outcome);
    }

    private Mono<Result> perhapsInTheCommonWord(Result first, NetworkCalleridRequest request) {
        return first.wordUnspoken() && first.word() != SlurmVersion.COMMON
                ? new Attempt(SlurmVersion.COMMON, request).result()
                : Mono.just(first);
    }

    /**
     * "Unknown" was an answer: whatever becomes of the second attempt, it stands unless that finds the job. But a slurmd
     * that answers the one at once and holds up the other is silent.
     */
    private Mono<Result> perhapsMapped(Result first) {
        boolean mayBeMapped = first.outcome().answer() instanceof Indeterminate
                && login.source().address() instanceof Inet4Address;
        return mayBeMapped
                ? new Attempt(first.word(), NetworkCalleridRequest.mapped(login))
                        .result()
                        .map(second -> second.namesAJob() ? second : first.after(second))
                : Mono.just(first);
    }

    /**
     * What came of an attempt.
     *
     * @param wordUnspoken whether the slurmd may not speak the word
     */
    private record Result(SlurmVersion word, Outcome outcome, boolean wordUnspoken) {

        boolean namesAJob() {
            return outcome.answer() instanceof SourceJob;
        }

        Result after(Result second) {
            Sign sign = second.outcome().sign() == Sign.SILENT ? Sign.SILENT : outcome.sign();
            return new Result(word, new Outcome(outcome.answer(), sign), wordUnspoken);
        }
    }

    /** One request in one word over one connection. */
    private final class Attempt {

        /** How far it has come. */
        private enum Stage {
            CONNECTING,
            MAKING_ITS_CREDENTIAL,
            WAITING_FOR_THE_ANSWER
        }

        private final SlurmVersion word;
        private final Bytes body;
        private volatile long since;
        private volatile Stage stage = Stage.CONNECTING;

        Attempt(SlurmVersion word, NetworkCalleridRequest request) {
            this.word = word;
            this.body = request.encode();
            this.since = deadline.clock().now();
        }

        Mono<Result> result() {
            Deadline left = answering();
            return left.hasPassed()
                    ? Mono.just(none(Failure.TIMED_OUT, "no time left to ask", Sign.NONE))
                    : by.slurmds()
                            .with(slurmd, left.slice(patience.connect()), this::talk)
                            .onErrorResume(this::peerFault)
                            .flatMap(this::judge);
        }

        private Mono<Reply> talk(reactor.netty.Connection tcp) {
            reached.run();
            now(Stage.MAKING_ITS_CREDENTIAL);
            Deadline until = beginAnswering();
            return by.credentials()
                    .make(BodyHash.K12.payload(NetworkCalleridRequest.TYPE, body), until)
                    .flatMap(answer -> answer.fold(
                            made -> send(tcp, new AuthBlock(by.credentials().plugin(), made.credential())),
                            none -> Mono.just(new Reply.Fault(Failure.NO_CREDENTIALS, none.why(), Sign.NONE))))
                    .timeout(until.remaining(), until.timers());
        }

        private Deadline beginAnswering() {
            Deadline begun = answering;
            if (begun == null) {
                begun = deadline.slice(patience.answer());
                answering = begun;
            }
            return begun;
        }

        private Mono<Reply> send(reactor.netty.Connection tcp, AuthBlock auth) {
            now(Stage.WAITING_FOR_THE_ANSWER);
            var request = RpcFrame.request(word, NetworkCalleridRequest.TYPE, auth, body);
            return SlurmdExchange.converse(tcp, request.encode()).map(this::read);
        }

        private Reply read(Bytes received) {
            return Reply.read(received, word);
        }

        private void now(Stage next) {
            since = deadline.clock().now();
            stage = next;
        }

        /** A fault of the peer is an answer. Anything else is our bug and stays an error. */
        private Mono<Reply> peerFault(Throwable e) {
            if (e instanceof TimeoutException) {
                return Mono.just(tooLate());
            }
            if (e instanceof ConnectException) {
                return Mono.just(new Reply.Fault(Failure.REFUSED, "refused", Sign.ALIVE));
            }
            if (e instanceof IOException || e instanceof AbortedException) {
                return Mono.just(
                        new Reply.Fault(Failure.UNREACHABLE, e.getClass().getSimpleName(), Sign.ALIVE));
            }
            if (e instanceof ChannelException) { // no descriptor left for a socket
                return Mono.just(new Reply.Fault(Failure.UNREACHABLE, "no socket to ask with", Sign.NONE));
            }
            if (e instanceof DecodeException unreadable) {
                return Mono.just(
                        new Reply.Fault(Failure.UNREADABLE, String.valueOf(unreadable.getMessage()), Sign.ALIVE));
            }
            return Mono.error(e);
        }

        private Reply tooLate() {
            Duration waited = Duration.ofNanos(deadline.clock().now() - since);
            return switch (stage) {
                case CONNECTING ->
                    new Reply.Fault(
                            Failure.TIMED_OUT,
                            "no connection in time",
                            Sources.Patience.isUsedUp(patience.connect(), waited) ? Sign.SILENT : Sign.NONE);
                case MAKING_ITS_CREDENTIAL ->
                    new Reply.Fault(Failure.NO_CREDENTIALS, "no credential in time", Sign.NONE);
                case WAITING_FOR_THE_ANSWER ->
                    new Reply.Fault(
                            Failure.TIMED_OUT,
                            "no answer in time",
                            Sources.Patience.isUsedUp(patience.answer(), waited) ? Sign.SILENT : Sign.NONE);
            };
        }

        private Mono<Result> judge(Reply reply) {
            return reply.fold(
                    callerid -> trusted(callerid).map(answer -> result(answer, false)),
                    code -> Mono.just(result(returnCode(code.code()), code.code() == ReturnCode.AUTHENTICATION_ERROR)),
                    unspoken -> Mono.just(result(new NoAnswer(Failure.UNREADABLE, unspoken.why()), true)),
                    fault -> Mono.just(none(fault.failure(), fault.why(), fault.sign())));
        }

        /** The slurmd said something. */
        private Result result(CalleridAnswer answer, boolean wordUnspoken) {
            return new Result(word, new Outcome(answer, Sign.ALIVE), wordUnspoken);
        }

        private Result none(Failure failure, String why, Sign sign) {
            return new Result(word, new Outcome(new NoAnswer(failure, why), sign), false);
        }

        private Mono<CalleridAnswer> trusted(Reply.Callerid reply) {
            AuthBlock auth = reply.auth();
            if (auth == null) {
                return Mono.just(untrusted("no credential"));
            }
            if (auth.plugin() != by.credentials().plugin()) {
                return Mono.just(untrusted("a credential of " + auth.plugin().authType()));
            }
            return by.credentials()
                    .verify(auth.credential(), answering())
                    .map(answer -> answer.fold(
                            verified -> believed(verified.credential(), reply),
                            refused -> untrusted(refused.why()),
                            none -> new NoAnswer(Failure.NO_CREDENTIALS, none.why())));
        }

        private CalleridAnswer believed(VerifiedCredential credential, Reply.Callerid reply) {
            if (!settings.trusts(credential.uid())) {
                return untrusted("a credential of uid " + credential.uid());
            }
            if (!BodyHash.binds(credential.payload(), NetworkCalleridResponse.TYPE, reply.body())) {
                return untrusted("a credential that is not bound to the answer");
            }
            return reply.response().toAnswer();
        }

        private CalleridAnswer untrusted(String why) {
            by.untrusted().note(slurmd, why, deadline.clock());
            return new NoAnswer(Failure.UNTRUSTED, why);
        }
    }

    /** Often without a credential: it can only mean a failure, even when it says that there was none. */
    private static CalleridAnswer returnCode(long code) {
        return code == 0
                ? new NoAnswer(Failure.UNREADABLE, "return code 0 in place of an answer")
                : new NoAnswer(Failure.SLURM_ERROR, "return code " + code);
    }
}
