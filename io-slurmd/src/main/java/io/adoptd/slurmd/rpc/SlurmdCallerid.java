package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer.VerifiedCredential;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.message.ReturnCode;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;
import reactor.netty.resources.LoopResources;

/**
 * Asks the slurmd at a login's source over TCP which job opened the login's connection.
 *
 * <p>A slurmd that does not speak the word of a request says so in one of three ways, none of which says it clearly; it
 * is then asked once more in {@link SlurmVersion#COMMON}, with a new credential and before the same deadline. What it
 * answers counts only with a credential of root, SlurmUser or SlurmdUser that is bound to the answer. Slurm's own
 * client is more trusting; whoever holds the source's address may answer there.
 */
public final class SlurmdCallerid implements Callerid {

    private static final Logger log = LoggerFactory.getLogger(SlurmdCallerid.class);

    private final Credentials credentials;
    private final Supplier<SlurmdSettings> settings;
    private final Supplier<SlurmVersion> local;
    private final SlurmdExchange slurmds;

    /**
     * @param credentials of root: a slurmd makes the credential of its answer for the user who asked
     * @param settings read for every login, on its thread: they must be at hand
     * @param local what the slurmstepds of this node speak, for a cluster is usually of one release;
     *     {@link SlurmVersion#COMMON} while that is unknown
     * @param loops whose they are closes them
     */
    public SlurmdCallerid(
            Credentials credentials,
            Supplier<SlurmdSettings> settings,
            Supplier<SlurmVersion> local,
            LoopResources loops) {
        this.credentials = credentials;
        this.settings = settings;
        this.local = local;
        this.slurmds = new SlurmdExchange(loops);
    }

    @Override
    public Mono<CalleridAnswer> ask(Connection login, Deadline deadline) {
        return Mono.defer(() -> {
            var question = new Question(login, settings.get(), deadline);
            return attempt(question, firstWord()).flatMap(first -> perhapsAgain(question, first));
        });
    }

    private SlurmVersion firstWord() {
        SlurmVersion hint = local.get();
        return hint.spoken() ? hint : SlurmVersion.COMMON;
    }

    private Mono<CalleridAnswer> perhapsAgain(Question question, Attempt first) {
        return first.wordUnspoken() && first.word() != SlurmVersion.COMMON
                ? attempt(question, SlurmVersion.COMMON).map(Attempt::answer)
                : Mono.just(first.answer());
    }

    private Mono<Attempt> attempt(Question question, SlurmVersion word) {
        if (question.deadline().hasPassed()) {
            return Mono.just(Attempt.over(word, noAnswer(Failure.TIMED_OUT, "no time left to ask")));
        }
        Bytes body = NetworkCalleridRequest.of(question.login()).encode();
        return credentials
                .make(BodyHash.K12.payload(NetworkCalleridRequest.TYPE, body), question.deadline())
                .flatMap(answer -> answer.fold(
                        made -> send(question, word, made.credential(), body)
                                .flatMap(reply -> judge(question, word, reply)),
                        none -> Mono.just(Attempt.over(word, noAnswer(Failure.NO_CREDENTIALS, none.why())))));
    }

    private Mono<Reply> send(Question question, SlurmVersion word, Token credential, Bytes body) {
        var auth = new AuthBlock(credentials.plugin(), credential);
        var request = RpcFrame.request(word, NetworkCalleridRequest.TYPE, auth, body);
        return slurmds.exchange(question.slurmd(), request.encode(), question.deadline())
                .map(received -> Reply.read(received, word))
                .onErrorResume(SlurmdCallerid::peerFault);
    }

    private Mono<Attempt> judge(Question question, SlurmVersion word, Reply reply) {
        return reply.fold(
                callerid -> trusted(question, callerid).map(answer -> Attempt.over(word, answer)),
                code -> Mono.just(
                        new Attempt(word, returnCode(code.code()), code.code() == ReturnCode.AUTHENTICATION_ERROR)),
                unspoken -> Mono.just(new Attempt(word, noAnswer(Failure.UNREADABLE, unspoken.why()), true)),
                fault -> Mono.just(Attempt.over(word, noAnswer(fault.failure(), fault.why()))));
    }

    /** Often without a credential: it can only mean a failure, even when it says that there was none. */
    private static CalleridAnswer returnCode(long code) {
        return code == 0
                ? noAnswer(Failure.UNREADABLE, "return code 0 in place of an answer")
                : noAnswer(Failure.SLURM_ERROR, "return code " + code);
    }

    private Mono<CalleridAnswer> trusted(Question question, Reply.Callerid reply) {
        AuthBlock auth = reply.auth();
        if (auth == null) {
            return Mono.just(untrusted(question, "no credential"));
        }
        if (auth.plugin() != credentials.plugin()) {
            return Mono.just(
                    untrusted(question, "a credential of " + auth.plugin().authType()));
        }
        return credentials
                .verify(auth.credential(), question.deadline())
                .map(answer -> answer.fold(
                        verified -> believed(question, verified.credential(), reply),
                        refused -> untrusted(question, refused.why()),
                        none -> noAnswer(Failure.NO_CREDENTIALS, none.why())));
    }

    private static CalleridAnswer believed(Question question, VerifiedCredential credential, Reply.Callerid reply) {
        if (!question.settings().trusts(credential.uid())) {
            return untrusted(question, "a credential of uid " + credential.uid());
        }
        if (!BodyHash.binds(credential.payload(), NetworkCalleridResponse.TYPE, reply.body())) {
            return untrusted(question, "a credential that is not bound to the answer");
        }
        return reply.response().toAnswer();
    }

    /** Somebody answers in a slurmd's place, or something in between changes what it says. */
    private static CalleridAnswer untrusted(Question question, String why) {
        log.warn("callerid.untrusted peer=\"{}\" why=\"{}\"", question.peer(), why);
        return noAnswer(Failure.UNTRUSTED, why);
    }

    /** A fault of the peer is an answer. Anything else is our bug and stays an error. */
    private static Mono<Reply> peerFault(Throwable e) {
        if (e instanceof TimeoutException || e instanceof ConnectTimeoutException) {
            return Mono.just(new Reply.Fault(Failure.TIMED_OUT, "no answer in time"));
        }
        if (e instanceof ConnectException) {
            return Mono.just(new Reply.Fault(Failure.REFUSED, "refused"));
        }
        if (e instanceof IOException || e instanceof AbortedException) {
            return Mono.just(new Reply.Fault(Failure.UNREACHABLE, e.getClass().getSimpleName()));
        }
        if (e instanceof DecodeException unreadable) {
            return Mono.just(new Reply.Fault(Failure.UNREADABLE, unreadable.getMessage()));
        }
        return Mono.error(e);
    }

    private static CalleridAnswer noAnswer(Failure failure, String why) {
        return new NoAnswer(failure, why);
    }

    /** One login's question: what stays the same however often it is put. */
    private record Question(Connection login, SlurmdSettings settings, Deadline deadline) {

        InetSocketAddress slurmd() {
            return new InetSocketAddress(login.source().address(), settings.port());
        }

        /** An address, never a name: it has not been looked up. */
        String peer() {
            InetAddress address = login.source().address();
            return address.getHostAddress();
        }
    }

    /**
     * What came of asking in one word.
     *
     * @param wordUnspoken whether the slurmd may not speak it
     */
    private record Attempt(SlurmVersion word, CalleridAnswer answer, boolean wordUnspoken) {

        static Attempt over(SlurmVersion word, CalleridAnswer answer) {
            return new Attempt(word, answer, false);
        }
    }
}
