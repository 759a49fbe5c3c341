package io.adoptd.slurmd.rpc;

import static io.adoptd.slurmd.rpc.ScriptedSlurmd.answers;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.answersWhoWaits;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.closes;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.closesAfter;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.drips;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.resets;
import static io.adoptd.slurmd.rpc.ScriptedSlurmd.saysNothing;
import static io.adoptd.slurmd.wire.Mangled.hex;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.VerifyAnswer.Refusal;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class SlurmdCalleridTest {

    private static final SourceJob JOB_4242 = new SourceJob(new JobId(4242));
    private static final Duration CONNECT = Sources.Limits.DEFAULT.patience().connect();
    private static final Duration ANSWER = Sources.Limits.DEFAULT.patience().answer();
    private static final Bytes A_BODY = SlurmdReplies.body(4242, SlurmVersion.V24_11);
    private static final Bytes ITS_PAYLOAD = BodyHash.K12.payload(NetworkCalleridResponse.TYPE, A_BODY);

    private static final Bytes HTTP = Bytes.of("HTTP/1.1 405 NOT ALLOWED\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

    private static LoopResources loops;

    private final FakeCredentials credentials = new FakeCredentials();
    private final SlurmdReplies replies = new SlurmdReplies(credentials);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private SlurmVersion local = SlurmVersion.COMMON;

    @BeforeAll
    static void startLoops() {
        loops = LoopResources.create("callerid", 1, true);
    }

    @AfterAll
    static void endLoops() {
        loops.disposeLater(Duration.ZERO, ofSeconds(5)).block();
    }

    @BeforeEach
    void listen() {
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(log);
    }

    @Test
    void itAnswersWithTheJobThatTheSlurmdNames() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(log.list).isEmpty();
        }
    }

    @Test
    void aSlurmdThatDoesNotSayIsIndeterminate() {
        try (var slurmd = ScriptedSlurmd.that(answers(doesNotSay()), answers(doesNotSay()))) {
            assertThat(ask(slurmd)).isEqualTo(new Indeterminate());
        }
    }

    @Test
    void itAsksAboutTheLoginWithACredentialBoundToTheQuestion() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            ask(slurmd);
            Bytes body = NetworkCalleridRequest.of(slurmd.login()).encode();
            var auth = new AuthBlock(AuthPlugin.MUNGE, credentials.made().get(0));
            assertThat(slurmd.requests())
                    .containsExactly(RpcFrame.request(SlurmVersion.V24_11, NetworkCalleridRequest.TYPE, auth, body));
            assertThat(FakeCredentials.payloadOf(credentials.made().get(0)))
                    .isEqualTo(BodyHash.K12.payload(NetworkCalleridRequest.TYPE, body));
        }
    }

    @Test
    void nothingFollowsTheQuestionAndItsSideStaysOpen() {
        try (var slurmd = ScriptedSlurmd.that(answersWhoWaits(replies.job(4242), ofMillis(100)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
        }
    }

    @Test
    void itClosesWhatItOpened() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            ask(slurmd);
            await().until(() -> slurmd.open() == 0);
            assertThat(slurmd.opened()).isEqualTo(1);
        }
    }

    @Test
    void anAnswerMayComeByTheByte() {
        try (var slurmd = ScriptedSlurmd.that(drips(replies.job(4242), ofMillis(1)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
        }
    }

    @Test
    void itAsksOverIpv6() throws IOException {
        var loopback = InetAddress.getByAddress(HexFormat.of().parseHex("0".repeat(31) + "1"));
        try (var slurmd = ScriptedSlurmd.at(loopback, answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(slurmd.requests().get(0).body())
                    .isEqualTo(NetworkCalleridRequest.of(slurmd.login()).encode());
        }
    }

    @Test
    void itWarmsUpWithoutAskingAnybody() {
        try (var slurmd = ScriptedSlurmd.that()) {
            assertThat(callerid(slurmd).warmUp(in(ofSeconds(20))).toFuture()).succeedsWithin(ofSeconds(20));
            assertThat(slurmd.opened()).isZero();
            assertThat(credentials.made()).as("two a round").hasSize(6).doesNotHaveDuplicates();
            assertThat(log.list).isEmpty();
        }
    }

    @Test
    void warmingUpEndsAtItsDeadline() {
        var virtual = VirtualTimeScheduler.create();
        var hangs = new Service(Mono.never(), Mono.never());
        try (var slurmd = ScriptedSlurmd.that()) {
            var warm =
                    callerid(slurmd, hangs).warmUp(in(ofMillis(100), virtual)).toFuture();
            assertThat(warm).isNotDone();
            virtual.advanceTimeBy(ofMillis(100));
            assertThat(warm).succeedsWithin(ofSeconds(5));
        }
    }

    // The other end's socket

    @Test
    void anIpv4ConnectionThatIsUnknownIsAskedForOnceMoreAsAnIpv6SocketHasIt() {
        try (var slurmd = ScriptedSlurmd.that(answers(doesNotSay()), answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(slurmd.requests().stream().map(RpcFrame::body))
                    .containsExactly(
                            NetworkCalleridRequest.of(slurmd.login()).encode(),
                            NetworkCalleridRequest.mapped(slurmd.login()).encode());
            assertThat(credentials.made()).doesNotHaveDuplicates().hasSize(2);
        }
    }

    @Test
    void itIsAskedInTheWordThatTheSlurmdSpeaks() {
        local = SlurmVersion.V26_05;
        try (var slurmd = ScriptedSlurmd.that(closes(), answers(doesNotSay()), answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(words(slurmd)).containsExactly(SlurmVersion.V26_05, SlurmVersion.V24_11, SlurmVersion.V24_11);
        }
    }

    @Test
    void anIpv6ConnectionIsNot() throws IOException {
        var loopback = InetAddress.getByAddress(HexFormat.of().parseHex("0".repeat(31) + "1"));
        try (var slurmd = ScriptedSlurmd.at(loopback, answers(doesNotSay()), answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(new Indeterminate());
            assertThat(slurmd.requests()).hasSize(1);
        }
    }

    @Test
    void whateverTheSecondAnswerIsTheFirstStands() {
        try (var slurmd = ScriptedSlurmd.that(answers(doesNotSay()), closes())) {
            assertThat(ask(slurmd)).isEqualTo(new Indeterminate());
        }
    }

    @Test
    void whoAnswersTheOneAndHoldsUpTheOtherIsSilent() {
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        try (var slurmd = ScriptedSlurmd.that(answers(doesNotSay()), saysNothing())) {
            var answer = callerid(slurmd, credentials, sources)
                    .ask(slurmd.login(), in(ofSeconds(8), virtual))
                    .toFuture();
            await().until(() -> slurmd.requests().size() == 2);
            virtual.advanceTimeBy(ANSWER);
            assertThat(answer).succeedsWithin(ofSeconds(5)).isEqualTo(new Indeterminate());
            assertThat(sources.silent()).hasSize(1);
        }
    }

    // Slow ones, and silent ones

    @ParameterizedTest
    @ValueSource(ints = {1_000, 4_000, 4_990})
    void whoAnswersAfterSecondsIsHeardAndNotRemembered(int millis) {
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        var answers = Sinks.<Bytes>one();
        var asked = new AtomicReference<RpcFrame>();
        ScriptedSlurmd.Line slow = talk -> {
            asked.set(talk.request());
            return answers.asMono().flatMap(bytes -> Mono.from(talk.send(bytes)));
        };
        try (var slurmd = ScriptedSlurmd.that(slow)) {
            var answer = callerid(slurmd, credentials, sources)
                    .ask(slurmd.login(), in(ofSeconds(8), virtual))
                    .toFuture();
            await().until(() -> asked.get() != null);
            virtual.advanceTimeBy(ofMillis(millis));
            assertThat(answer).isNotDone();
            answers.tryEmitValue(replies.job(4242).apply(asked.get()));
            assertThat(answer).succeedsWithin(ofSeconds(20)).isEqualTo(JOB_4242);
            assertThat(sources.silent()).isEmpty();
        }
    }

    @Test
    void whoTakesTheConnectionAndSaysNothingAllTheTimeIsRemembered() {
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        try (var slurmd = ScriptedSlurmd.that(saysNothing())) {
            var callerid = callerid(slurmd, credentials, sources);
            var first = callerid.ask(slurmd.login(), in(ofSeconds(8), virtual)).toFuture();
            await().until(() -> slurmd.requests().size() == 1);
            virtual.advanceTimeBy(ANSWER.minusMillis(1));
            assertThat(first).isNotDone();
            virtual.advanceTimeBy(ofMillis(1));
            assertThat(first).succeedsWithin(ofSeconds(5)).isEqualTo(timedOut());
            assertThat(callerid.ask(slurmd.login(), in(ofSeconds(8), virtual)).block())
                    .isEqualTo(new NoAnswer(Failure.TIMED_OUT, "remembered: no answer in time, 0 s ago"));
        }
    }

    @Test
    void whoHadNotItsTimeIsNotRemembered() {
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        try (var slurmd = ScriptedSlurmd.that(saysNothing())) {
            var answer = callerid(slurmd, credentials, sources)
                    .ask(slurmd.login(), in(ofSeconds(4), virtual))
                    .toFuture();
            await().until(() -> slurmd.requests().size() == 1);
            virtual.advanceTimeBy(ofSeconds(4));
            assertThat(answer).succeedsWithin(ofSeconds(5)).isEqualTo(timedOut());
            assertThat(sources.silent()).isEmpty();
        }
    }

    /** A backlog that is full: the kernel drops what comes, and connecting is bounded apart from the answer. */
    @Test
    void whoTakesNoConnectionCostsTheTimeToConnectAndIsRemembered() throws IOException {
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var waiting = new ArrayList<Socket>();
            try {
                fill(full, waiting);
                var settings = new SlurmdSettings(full.getLocalPort(), new Uid(0), new Uid(0));
                var answer = new SlurmdCallerid(credentials, () -> settings, () -> local, sources, loops)
                        .ask(login("127.0.0.1"), in(ofSeconds(8), virtual))
                        .toFuture();
                virtual.advanceTimeBy(CONNECT.minusMillis(1));
                assertThat(answer).isNotDone();
                virtual.advanceTimeBy(ofMillis(1));
                assertThat(answer)
                        .succeedsWithin(ofSeconds(5))
                        .isEqualTo(new NoAnswer(Failure.TIMED_OUT, "no connection in time"));
                assertThat(sources.silent()).hasSize(1);
                assertThat(credentials.made()).isEmpty();
            } finally {
                for (Socket socket : waiting) {
                    socket.close();
                }
            }
        }
    }

    /** Until no more are taken. */
    private static void fill(ServerSocket server, List<Socket> waiting) throws IOException {
        while (true) {
            var socket = new Socket();
            waiting.add(socket);
            try {
                socket.connect(server.getLocalSocketAddress(), 200);
            } catch (SocketTimeoutException full) {
                return;
            }
        }
    }

    // Several slurmds on one host

    @Test
    void allSlurmdsOfTheSourceAreAskedAtOnceAndTheJobIsTheOneThatAnyOfThemNames() {
        try (var silent = ScriptedSlurmd.that(saysNothing());
                var knows = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(askBoth(silent, knows, ofSeconds(10))).isEqualTo(JOB_4242);
            await().until(() -> silent.open() == 0);
        }
    }

    @Test
    void unknownToOneOfThemSaysMoreThanNoAnswerOfAnother() {
        try (var ignorant = ScriptedSlurmd.that(answers(doesNotSay()), answers(doesNotSay()));
                var silent = ScriptedSlurmd.that(saysNothing())) {
            assertThat(askBoth(silent, ignorant, ofMillis(300))).isEqualTo(new Indeterminate());
        }
    }

    @Test
    void ofTwoFailuresTheOneThatNeedsALookIsTold() {
        try (var forger = ScriptedSlurmd.that(answers(replies.job(4242, 1000, BodyHash.K12)));
                var rubbish = ScriptedSlurmd.that(answers(HTTP))) {
            assertThat(failure(askBoth(rubbish, forger, ofSeconds(10)))).isEqualTo(Failure.UNTRUSTED);
        }
    }

    @Test
    void whatBlocksAnEventLoopIsFoundHere() {
        assertThat(loops.onClient(true).next().submit(() -> {
                    Thread.sleep(1);
                    return null;
                }))
                .failsWithin(ofSeconds(5))
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(BlockingOperationError.class);
    }

    // Words

    @Test
    void itSpeaksTheWordOfItsOwnNode() {
        local = SlurmVersion.V26_05;
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(words(slurmd)).containsExactly(SlurmVersion.V26_05);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"V22_05", "V23_02", "V23_11", "V24_05", "V25_05", "V25_11"})
    void aWordThatIsNotSpokenYetIsReplacedByTheCommonOne(SlurmVersion unspoken) {
        local = unspoken;
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(words(slurmd)).containsExactly(SlurmVersion.V24_11);
        }
    }

    static Stream<ScriptedSlurmd.Line> waysOfNotSpeakingAWord() {
        return Stream.of(closes(), answers(SlurmdReplies.code(1007)), closesAfter(HTTP));
    }

    @ParameterizedTest
    @MethodSource("waysOfNotSpeakingAWord")
    void aSlurmdThatDoesNotSpeakTheWordIsAskedOnceMoreInTheCommonOne(ScriptedSlurmd.Line refusal) {
        local = SlurmVersion.V26_05;
        try (var slurmd = ScriptedSlurmd.that(refusal, answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertThat(words(slurmd)).containsExactly(SlurmVersion.V26_05, SlurmVersion.V24_11);
            assertThat(credentials.made()).doesNotHaveDuplicates().hasSize(2);
            await().until(() -> slurmd.open() == 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"V26_05, 2", "V24_11, 1"})
    void noWordIsTriedTwice(SlurmVersion hint, int attempts) {
        local = hint;
        try (var slurmd = ScriptedSlurmd.that(closes(), closes(), answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNREADABLE, "closed without an answer"));
            assertThat(slurmd.requests()).hasSize(attempts);
        }
    }

    @Test
    void aWebServerIsUnreadable() {
        try (var slurmd = ScriptedSlurmd.that(answers(HTTP))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNREADABLE, "answered in HTTP"));
        }
    }

    @Test
    void theSecondWordHasOnlyWhatTheFirstLeft() {
        local = SlurmVersion.V26_05;
        var virtual = VirtualTimeScheduler.create();
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.of(virtual));
        try (var slurmd = ScriptedSlurmd.that(closes(), saysNothing())) {
            var answer = callerid(slurmd, credentials, sources)
                    .ask(slurmd.login(), in(ofSeconds(8), virtual))
                    .toFuture();
            await().until(() -> slurmd.requests().size() == 2);
            virtual.advanceTimeBy(ANSWER.minusMillis(1));
            assertThat(answer).isNotDone();
            virtual.advanceTimeBy(ofMillis(1));
            assertThat(answer).succeedsWithin(ofSeconds(5)).isEqualTo(timedOut());
        }
    }

    @Test
    void anotherFailureIsNoReasonToAskAgain() {
        local = SlurmVersion.V26_05;
        try (var slurmd = ScriptedSlurmd.that(answers(SlurmdReplies.code(5003)), answers(replies.job(4242)))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.SLURM_ERROR, "return code 5003"));
            assertThat(slurmd.requests()).hasSize(1);
        }
    }

    // Peers that are not there

    @Test
    void aPortThatRefusesIsRefused() throws IOException {
        int free;
        try (var port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = port.getLocalPort();
        }
        assertThat(ask(login("127.0.0.1"), free)).isEqualTo(new NoAnswer(Failure.REFUSED, "refused"));
        assertThat(credentials.made())
                .as("a port that refuses costs no credential")
                .isEmpty();
    }

    @Test
    void anAddressWithoutRouteIsUnreachable() throws IOException {
        assertThat(failure(ask(login("255.255.255.255"), 6818))).isEqualTo(Failure.UNREACHABLE);
    }

    @Test
    void withoutADescriptorForASocketNobodyIsAskedAndNobodyIsToBlame() throws IOException {
        var settings = new SlurmdSettings(6818, new Uid(0), new Uid(0));
        var sources = sources();
        var callerid = new SlurmdCallerid(credentials, () -> settings, () -> local, sources, new NoSockets(loops));
        assertThat(answer(callerid.ask(login("127.0.0.1"), in(ofSeconds(10)))))
                .isEqualTo(new NoAnswer(Failure.UNREACHABLE, "no socket to ask with"));
        assertThat(sources.silent()).isEmpty();
    }

    @Test
    void aResetIsUnreachable() {
        try (var slurmd = ScriptedSlurmd.that(resets())) {
            assertThat(failure(ask(slurmd))).isEqualTo(Failure.UNREACHABLE);
        }
    }

    @Test
    void aSilentSlurmdCostsItsDeadlineAndNoMore() {
        var virtual = VirtualTimeScheduler.create();
        try (var slurmd = ScriptedSlurmd.that(saysNothing())) {
            var answer = callerid(slurmd)
                    .ask(slurmd.login(), in(ofMillis(800), virtual))
                    .toFuture();
            await().until(() -> slurmd.requests().size() == 1);
            virtual.advanceTimeBy(ofMillis(799));
            assertThat(answer).isNotDone();
            virtual.advanceTimeBy(ofMillis(1));
            assertThat(answer).succeedsWithin(ofSeconds(5)).isEqualTo(timedOut());
            await().until(() -> slurmd.open() == 0);
        }
    }

    @Test
    void oneThatDripsGetsNoFurtherTimeForItsBytes() {
        try (var slurmd = ScriptedSlurmd.that(drips(replies.job(4242), ofMillis(50)))) {
            long start = System.nanoTime();
            assertThat(callerid(slurmd).ask(slurmd.login(), in(ofMillis(400))).block())
                    .isEqualTo(timedOut());
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(ofMillis(400), ofSeconds(3));
            await().until(() -> slurmd.open() == 0);
        }
    }

    @Test
    void aDeadlineThatHasPassedAsksNobody() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(failure(answer(callerid(slurmd).ask(slurmd.login(), in(Duration.ZERO)))))
                    .isEqualTo(Failure.TIMED_OUT);
            assertThat(credentials.made()).isEmpty();
            assertThat(slurmd.opened()).isZero();
        }
    }

    @Test
    void aLoginThatGoesAwayTakesItsConnectionAlong() {
        try (var slurmd = ScriptedSlurmd.that(saysNothing())) {
            var asking = callerid(slurmd).ask(slurmd.login(), in(ofSeconds(60))).subscribe();
            await().until(() -> slurmd.requests().size() == 1 && slurmd.open() == 1);
            asking.dispose();
            await().until(() -> slurmd.open() == 0);
        }
    }

    /** The window between a connection that opens and a login that goes away; it has lost sockets elsewhere. */
    @Test
    void itDoesSoWheneverItGoes() {
        try (var slurmd = ScriptedSlurmd.that()) {
            var callerid = callerid(slurmd);
            for (int i = 0; i < 1_500; i++) {
                var asking = callerid.ask(slurmd.login(), in(ofSeconds(60))).subscribe();
                long end = System.nanoTime() + (i % 500) * 2_000L;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                asking.dispose();
            }
            await().atMost(ofSeconds(20)).until(() -> slurmd.open() == 0);
            assertThat(slurmd.opened()).isPositive();
            assertThat(slurmd.requests().size()).isPositive();
        }
    }

    // Bytes

    @Test
    void aFrameThatIsTooLongIsRefusedBeforeItComes() {
        try (var slurmd = ScriptedSlurmd.that(answers(hex("00010001")))) {
            assertThat(ask(slurmd))
                    .isEqualTo(new NoAnswer(Failure.UNREADABLE, "frame_len at 0: a frame of 65537 bytes"));
        }
    }

    @Test
    void aFrameThatIsCutShortIsUnreadable() {
        try (var slurmd = ScriptedSlurmd.that(closesAfter(hex("00000014 2A00 0040")))) {
            assertThat(ask(slurmd))
                    .isEqualTo(new NoAnswer(Failure.UNREADABLE, "frame_len at 0: 20 bytes announced, 4 came"));
        }
    }

    @Test
    void bytesAfterTheAnswersFieldsAreUnreadable() {
        Bytes longer = new Packer().raw(A_BODY).raw(hex("00")).packed();
        Bytes payload = BodyHash.K12.payload(NetworkCalleridResponse.TYPE, longer);
        try (var slurmd = ScriptedSlurmd.that(answers(replies.boundTo(payload, 0, longer)))) {
            assertThat(failure(ask(slurmd))).isEqualTo(Failure.UNREADABLE);
        }
    }

    @Test
    void bytesAfterTheFrameAreNotRead() {
        Function<RpcFrame, Bytes> withMore = request -> new Packer()
                .raw(replies.job(4242).apply(request))
                .raw(hex("ffff"))
                .packed();
        try (var slurmd = ScriptedSlurmd.that(answers(withMore))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
        }
    }

    @Test
    void anAnswerInAnotherWordIsUnreadable() {
        Function<RpcFrame, Bytes> other = request -> SlurmdReplies.reply(
                SlurmVersion.V26_05,
                NetworkCalleridResponse.TYPE,
                new AuthBlock(AuthPlugin.MUNGE, credentials.of(0, ITS_PAYLOAD)),
                A_BODY);
        try (var slurmd = ScriptedSlurmd.that(answers(other))) {
            assertThat(ask(slurmd))
                    .isEqualTo(new NoAnswer(Failure.UNREADABLE, "version at 4: V26_05 to a request in V24_11"));
        }
    }

    @Test
    void anotherMessageIsRefusedWithItsNumber() {
        try (var slurmd = ScriptedSlurmd.that(
                answers(request -> SlurmdReplies.reply(SlurmVersion.V24_11, 1016, null, hex("00000000"))))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNREADABLE, "message type 1016"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xffff_fff0L, 0xffff_ffffL})
    void aJobThatIsNoneIsUnreadable(long job) {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(job)))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNREADABLE, "job_id " + job));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1007, 2002, 13000, 0xffff_ffffL})
    void aReturnCodeIsASlurmError(long code) {
        try (var slurmd = ScriptedSlurmd.that(answers(SlurmdReplies.code(code)))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.SLURM_ERROR, "return code " + code));
        }
    }

    @Test
    void soIsOneThatBringsAMessageWhichStaysOutOfTheLog() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.codeWithMessage(2002, "line\ninjected")))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.SLURM_ERROR, "return code 2002"));
        }
    }

    @Test
    void aReturnCodeOfSuccessIsNoSuccess() {
        try (var slurmd = ScriptedSlurmd.that(answers(SlurmdReplies.code(0)))) {
            assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNREADABLE, "return code 0 in place of an answer"));
        }
    }

    // Trust

    @ParameterizedTest
    @ValueSource(longs = {0, 64_030, 64_031})
    void rootSlurmUserAndSlurmdUserMaySpeakForASlurmd(long uid) {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242, uid, BodyHash.K12)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
        }
    }

    @Test
    void nobodyElseMay() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242, 1000, BodyHash.K12)))) {
            assertUntrusted(slurmd, "a credential of uid 1000");
        }
    }

    @Test
    void sha3BindsAnAnswerToo() {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242, 0, BodyHash.SHA3)))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
        }
    }

    @Test
    void anAnswerWithoutCredentialIsUntrusted() {
        try (var slurmd = ScriptedSlurmd.that(answers(
                request -> SlurmdReplies.reply(SlurmVersion.V24_11, NetworkCalleridResponse.TYPE, null, A_BODY)))) {
            assertUntrusted(slurmd, "no credential");
        }
    }

    @Test
    void soIsOneOfAnotherAuthType() {
        var auth = new AuthBlock(AuthPlugin.SLURM, new Token("e30.e30.AAAA"));
        try (var slurmd = ScriptedSlurmd.that(answers(
                request -> SlurmdReplies.reply(SlurmVersion.V24_11, NetworkCalleridResponse.TYPE, auth, A_BODY)))) {
            assertUntrusted(slurmd, "a credential of auth/slurm");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0113ac", "00df5efd86d0a4a738044862718480a5a1f6754d57d82e10b384706db126752bab"})
    void aWeaklyBoundOneIsUntrusted(String payload) {
        try (var slurmd = ScriptedSlurmd.that(answers(replies.boundTo(hex(payload), 0, A_BODY)))) {
            assertUntrusted(slurmd, "a credential that is not bound to the answer");
        }
    }

    @Test
    void aCredentialOfAnotherAnswerIsUntrusted() {
        Bytes other = SlurmdReplies.body(4711, SlurmVersion.V24_11);
        try (var slurmd = ScriptedSlurmd.that(answers(replies.boundTo(ITS_PAYLOAD, 0, other)))) {
            assertUntrusted(slurmd, "a credential that is not bound to the answer");
        }
    }

    @Test
    void ourOwnCredentialSentBackIsUntrusted() {
        try (var slurmd = ScriptedSlurmd.that(answers(request ->
                SlurmdReplies.reply(SlurmVersion.V24_11, NetworkCalleridResponse.TYPE, request.auth(), A_BODY)))) {
            assertUntrusted(slurmd, "a credential that is not bound to the answer");
        }
    }

    @Test
    void anAnswerThatWasHeardBeforeIsUntrusted() {
        Bytes first = replies.boundTo(ITS_PAYLOAD, 0, A_BODY)
                .apply(RpcFrame.request(
                        SlurmVersion.V24_11, 5035, new AuthBlock(AuthPlugin.MUNGE, new Token("x")), Bytes.NONE));
        try (var slurmd = ScriptedSlurmd.that(answers(first), answers(first))) {
            assertThat(ask(slurmd)).isEqualTo(JOB_4242);
            assertUntrusted(slurmd, "replayed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whateverTheServiceRefusesIsUntrusted(Refusal refusal) {
        var refusing = new Service(Mono.empty(), Mono.just(new VerifyAnswer.Refused(refusal, "refused")));
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(callerid(slurmd, refusing)
                            .ask(slurmd.login(), in(ofSeconds(10)))
                            .block())
                    .isEqualTo(new NoAnswer(Failure.UNTRUSTED, "refused"));
        }
    }

    // The service

    @Test
    void withoutACredentialNothingIsAsked() {
        var down = new Service(Mono.just(new MakeAnswer.Unavailable("munge: down")), Mono.empty());
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(callerid(slurmd, down)
                            .ask(slurmd.login(), in(ofSeconds(10)))
                            .block())
                    .isEqualTo(new NoAnswer(Failure.NO_CREDENTIALS, "munge: down"));
            await().until(() -> slurmd.opened() == 1 && slurmd.open() == 0);
            assertThat(slurmd.requests()).isEmpty();
        }
    }

    @Test
    void anAnswerThatCannotBeCheckedIsNone() {
        var down = new Service(Mono.empty(), Mono.just(new VerifyAnswer.Unavailable("munge: down")));
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            assertThat(callerid(slurmd, down)
                            .ask(slurmd.login(), in(ofSeconds(10)))
                            .block())
                    .isEqualTo(new NoAnswer(Failure.NO_CREDENTIALS, "munge: down"));
            assertThat(log.list).isEmpty();
        }
    }

    @Test
    void aBugOfOursStaysAnError() {
        var broken = new Service(Mono.empty(), Mono.error(new IOException("a promise broken")));
        try (var slurmd = ScriptedSlurmd.that(answers(replies.job(4242)))) {
            StepVerifier.create(callerid(slurmd, broken).ask(slurmd.login(), in(ofSeconds(10))))
                    .expectErrorMessage("a promise broken")
                    .verify(ofSeconds(10));
        }
    }

    private void assertUntrusted(ScriptedSlurmd slurmd, String why) {
        assertThat(ask(slurmd)).isEqualTo(new NoAnswer(Failure.UNTRUSTED, why));
        assertThat(log.list).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.WARN);
            assertThat(event.getFormattedMessage())
                    .isEqualTo("security.callerid_untrusted peer=\""
                            + slurmd.login().source().address().getHostAddress() + ":"
                            + slurmd.settings().port() + "\" why=\"" + why + "\"");
        });
    }

    private CalleridAnswer ask(ScriptedSlurmd slurmd) {
        return answer(callerid(slurmd).ask(slurmd.login(), in(ofSeconds(10))));
    }

    private CalleridAnswer ask(Connection login, int port) {
        var settings = new SlurmdSettings(port, new Uid(0), new Uid(0));
        return answer(callerid(settings).ask(login, in(ofSeconds(10))));
    }

    private CalleridAnswer askBoth(ScriptedSlurmd one, ScriptedSlurmd other, Duration budget) {
        var ports = List.of(one.settings().port(), other.settings().port());
        var source = one.login().source().address();
        var settings = new SlurmdSettings(1, new Uid(0), new Uid(0), Map.of(source, ports));
        return answer(callerid(settings).ask(one.login(), in(budget)));
    }

    private SlurmdCallerid callerid(SlurmdSettings settings) {
        return new SlurmdCallerid(credentials, () -> settings, () -> local, sources(), loops);
    }

    private static Sources sources() {
        return ScriptedSlurmd.patientSources(LoginClock.monotonic(Schedulers.parallel()));
    }

    private Function<RpcFrame, Bytes> doesNotSay() {
        return replies.job(NetworkCalleridResponse.NO_VAL);
    }

    private static CalleridAnswer answer(Mono<CalleridAnswer> asked) {
        return asked.blockOptional().orElseThrow();
    }

    private SlurmdCallerid callerid(ScriptedSlurmd slurmd) {
        return callerid(slurmd, credentials);
    }

    private SlurmdCallerid callerid(ScriptedSlurmd slurmd, Credentials service) {
        return callerid(slurmd, service, sources());
    }

    private SlurmdCallerid callerid(ScriptedSlurmd slurmd, Credentials service, Sources sources) {
        return new SlurmdCallerid(service, slurmd::settings, () -> local, sources, loops);
    }

    private static Connection login(String source) throws IOException {
        return new Connection(
                new Endpoint(InetAddress.getByName(source), 40_000),
                new Endpoint(InetAddress.getByName("192.0.2.20"), 22));
    }

    private static Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
    }

    private static Deadline in(Duration budget, VirtualTimeScheduler virtual) {
        return Deadline.in(budget, LoginClock.of(virtual));
    }

    private static NoAnswer timedOut() {
        return new NoAnswer(Failure.TIMED_OUT, "no answer in time");
    }

    private static Failure failure(CalleridAnswer answer) {
        return ((NoAnswer) answer).failure();
    }

    private static Stream<SlurmVersion> words(ScriptedSlurmd slurmd) {
        return slurmd.requests().stream().map(request -> request.header().version());
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(UntrustedLog.class);
    }

    /** Event loops of a process that has no descriptor left. */
    private record NoSockets(LoopResources loops) implements LoopResources {

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return loops.onServer(useNative);
        }

        @Override
        public EventLoopGroup onClient(boolean useNative) {
            return loops.onClient(useNative);
        }

        @Override
        public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
            throw new ChannelException("no socket", new IOException("Too many open files"));
        }
    }

    /** Credentials with fixed answers; where one is empty, the fake's. */
    private record Service(Mono<MakeAnswer> makes, Mono<VerifyAnswer> verifies) implements Credentials {

        private static final FakeCredentials FAKE = new FakeCredentials();

        @Override
        public AuthPlugin plugin() {
            return AuthPlugin.MUNGE;
        }

        @Override
        public Mono<MakeAnswer> make(Bytes payload, Deadline deadline) {
            return makes.switchIfEmpty(FAKE.make(payload, deadline));
        }

        @Override
        public Mono<VerifyAnswer> verify(Token credential, Deadline deadline) {
            return verifies.switchIfEmpty(FAKE.verify(credential, deadline));
        }
    }
}
