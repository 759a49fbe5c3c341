package io.adoptd.gateway.server;

import static io.adoptd.pipeline.Samples.step;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.LoginRequest;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.Answer;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.gateway.wire.Request;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.pipeline.FakeNode;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Namespace;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** The server over a real Unix socket, asked as the module asks; the node behind it is a fake. */
class GatewayServerIT {

    private static final int MAX_LOGINS = 3;
    private static final int DESCRIPTOR = 4_711;

    @TempDir
    private Path dir;

    private final LoopResources loops = LoopResources.create("gateway-it", 1, true);
    private final FakeNode node = new FakeNode();
    private final AtomicInteger passed = new AtomicInteger();
    private Path socket;
    private GatewayServer server;

    @BeforeEach
    void serve() throws IOException {
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        socket = dir.resolve("g.sock");
        OwnProcess.effectiveUid(); // loads the native code, as the daemon does when it starts
        server = newServer();
    }

    @AfterEach
    void stop() {
        server.dispose();
        loops.dispose();
    }

    @Test
    void aLoginIsAdopted() throws Exception {
        node.runs(step(7, 1));
        assertThat(login(4_000)).isInstanceOfSatisfying(VerdictReply.class, verdict -> {
            assertThat(verdict.answer()).isEqualTo(Answer.SUCCESS);
            assertThat(verdict.reason()).isEqualTo("only_job");
            assertThat(verdict.variables()).containsExactly("SLURM_JOB_ID=7");
            assertThat(verdict.detail()).contains("steps=1").contains("adopt=ok");
        });
    }

    @Test
    void aLoginIsDeniedWithItsLine() throws Exception {
        assertThat(login(4_000)).isInstanceOfSatisfying(VerdictReply.class, verdict -> {
            assertThat(verdict.answer()).isEqualTo(Answer.DENY);
            assertThat(verdict.message()).isEqualTo("Access denied by adoptd: you have no active jobs on this node");
        });
    }

    @Test
    void theNamespacesOfAJobGoWithTheVerdict() throws Exception {
        node.runs(step(7, 1))
                .furnishes(new Furnishings(
                        new Furnishings.Namespaces(List.of(new Namespace(0x2_0000, DESCRIPTOR))),
                        new Furnishings.NoTunnel()));
        assertThat(login(4_000))
                .isInstanceOfSatisfying(
                        VerdictReply.class,
                        verdict -> assertThat(verdict.namespaces()).containsExactly(0x2_0000));
        assertThat(passed).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NO_CONNECTION")
    void aJobThatIsGuessedBecauseTheSourceDidNotTellIsAWarning(CalleridAnswer.Failure failure) throws Exception {
        node.runs(step(7, 1), step(8, 2)).callerid(Mono.just(new CalleridAnswer.NoAnswer(failure, "what failed")));
        assertThat(loggedBy(() -> login(4_000)))
                .singleElement()
                .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage, as(STRING))
                .contains("verdict=adopted reason=newest_job job=8")
                .contains("callerid=" + failure.code() + " callerid_why=\"what failed\"");
    }

    @Test
    void soIsOneThatIsGuessedBecauseTheSourceDoesNotKnow() throws Exception {
        node.runs(step(7, 1), step(8, 2)).callerid(Mono.just(new CalleridAnswer.Indeterminate()));
        assertThat(loggedBy(() -> login(4_000)))
                .singleElement()
                .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage, as(STRING))
                .contains("callerid=unknown callerid_why=\"the source's slurmd knows no job with this connection\"");
    }

    @Test
    void soIsOneThatIsGuessedBecauseTheSourcesJobIsNotHere() throws Exception {
        node.runs(step(7, 1), step(8, 2)).sourceJob(9);
        assertThat(loggedBy(() -> login(4_000)))
                .singleElement()
                .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage, as(STRING))
                .contains("callerid=job_9 callerid_why=\"not this user's job here\"");
    }

    @Test
    void soIsOneThatIsGuessedBecauseTheSourcesJobCannotBeJoined() throws Exception {
        node.runs(step(7, 1), step(8, 2))
                .sourceJob(7)
                .adoption(7, Mono.just(new AdoptOutcome.Failed(Reason.ADOPT_REFUSED, "it said no")));
        assertThat(loggedBy(() -> login(4_000)))
                .singleElement()
                .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage, as(STRING))
                .contains("reason=newest_job job=8")
                .contains("adopt=adopt_refused adopt_why=\"it said no\"");
    }

    @Test
    void aJobThatTheSourceNamedIsNotAWarning() throws Exception {
        node.runs(step(7, 1), step(8, 2)).sourceJob(7);
        assertThat(loggedBy(() -> login(4_000)))
                .singleElement()
                .extracting(ILoggingEvent::getLevel)
                .isEqualTo(Level.INFO);
    }

    @Test
    void theNewestJobOfALoginWithoutAConnectionIsNotAWarning() throws Exception {
        node.runs(step(7, 1), step(8, 2));
        assertThat(loggedBy(() -> ask(request(4_000, null))))
                .singleElement()
                .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.INFO))
                .extracting(ILoggingEvent::getFormattedMessage, as(STRING))
                .contains("reason=newest_job")
                .contains("callerid=no_connection callerid_why=\"no TCP connection to ask about\"");
    }

    @Test
    void theDaemonAnswersBeforeAnImpatientModuleGivesUp() throws Exception {
        node.steps(Mono.never());
        assertThat(login(400))
                .isInstanceOfSatisfying(
                        VerdictReply.class,
                        verdict -> assertThat(verdict.reason()).isEqualTo("deadline_passed"));
    }

    @Test
    void aBugOfOursIsAGenericFailure() throws Exception {
        node.steps(Mono.error(new IllegalStateException("a bug, for this test")));
        assertThat(login(4_000)).isInstanceOfSatisfying(VerdictReply.class, verdict -> {
            assertThat(verdict.answer()).isEqualTo(Answer.DENY);
            assertThat(verdict.reason()).isEqualTo("internal");
        });
    }

    @Test
    void aClientThatLeavesCancelsItsLogin() throws Exception {
        var cancelled = new AtomicBoolean();
        var asked = new AtomicBoolean();
        node.steps(Mono.<StepsAnswer>never().doOnSubscribe(s -> asked.set(true)).doOnCancel(() -> cancelled.set(true)));
        try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            client.write(ByteBuffer.wrap(request(4_000)));
            await().untilTrue(asked);
        }
        await().atMost(Duration.ofSeconds(2)).untilTrue(cancelled);
    }

    @Test
    void pastTheBoundTheAnswerIsBusyAtOnce() throws Exception {
        node.runs(step(7, 1), step(8, 2)).callerid(Mono.<CalleridAnswer>never());
        var waiting = new SocketChannel[MAX_LOGINS];
        try {
            for (int i = 0; i < MAX_LOGINS; i++) {
                waiting[i] = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                waiting[i].write(ByteBuffer.wrap(request(4_000)));
            }
            await().until(() -> node.asked.stream().filter("callerid"::equals).count() == MAX_LOGINS);
            assertThat(login(4_000))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.reason()).isEqualTo("busy"));
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
        node.callerid(Mono.just(new CalleridAnswer.Indeterminate()));
        await().untilAsserted(() -> assertThat(login(4_000)).isInstanceOf(VerdictReply.class));
    }

    @Test
    void aPingIsAnswered() throws Exception {
        assertThat(ask(new Request.Ping().encode())).isInstanceOf(Pong.class);
    }

    @Test
    void aCommandIsReportedOn() throws Exception {
        assertThat(ask(new Request.Command("reload", "x").encode())).isEqualTo(new Report(true, List.of("reload x")));
    }

    @Test
    void aFrameInPiecesIsOneFrame() throws Exception {
        node.runs(step(7, 1));
        byte[] request = request(4_000);
        try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            for (byte piece : request) {
                client.write(ByteBuffer.wrap(new byte[] {piece}));
            }
            assertThat(replyOf(client)).isInstanceOf(VerdictReply.class);
        }
    }

    @Test
    void rubbishIsRefusedAndHurtsNobody() throws Exception {
        assertThat(ask("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .isInstanceOf(Refused.class);
        byte[] unknown = {0x41, 0x44, 0x4f, 0x50, 2, 9, 0, 0};
        assertThat(ask(unknown)).isInstanceOf(Refused.class);
        assertThat(ask(new Request.Ping().encode())).isInstanceOf(Pong.class);
    }

    @Test
    void aFrameThatNeverEndsIsRefusedInTime() throws Exception {
        try (var client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            client.write(ByteBuffer.wrap(new byte[] {0x41, 0x44}));
            assertThat(replyOf(client)).isInstanceOf(Refused.class);
        }
    }

    @Test
    void onlyTheOwnerMayConnect() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
    }

    @Test
    void aSocketThatAnotherDaemonServesIsLeftAlone() {
        assertThatThrownBy(this::newServer).isInstanceOf(IOException.class).hasMessageContaining("another daemon");
    }

    @Test
    void aSocketThatADeadDaemonLeftIsTaken() throws Exception {
        Path stale = dir.resolve("stale.sock");
        try (var dead = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(stale));
        }
        assertThat(stale).exists();
        socket = stale;
        GatewayServer second = newServer();
        try {
            assertThat(ask(new Request.Ping().encode())).isInstanceOf(Pong.class);
        } finally {
            second.dispose();
        }
    }

    @Test
    void aDirectoryThatOthersMayWriteIsNoPlaceForIt() throws IOException {
        Path open = Files.createDirectory(dir.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        socket = open.resolve("g.sock");
        assertThatThrownBy(this::newServer).hasMessageContaining("nobody else may write");
    }

    private GatewayServer newServer() throws IOException {
        var desk = new LoginDesk(
                node.pipeline(),
                (socket, whose) -> Mono.just(new Caller.Known(new LoginProcess(socket, 1))),
                LoginClock.monotonic(Schedulers.parallel()),
                Duration.ofSeconds(3),
                MAX_LOGINS,
                new AtomicInteger(),
                new AtomicLong(),
                Mono.just(new Pong("test", 1, 2, 3, "c1", "none")),
                command -> Mono.just(new Report(true, List.of(command.name() + " " + command.argument()))));
        int uid = (Integer) Files.getAttribute(dir, "unix:uid");
        return GatewayServer.serve(ListeningSocket.own(socket), uid, () -> desk, this::sent, loops);
    }

    private Reply login(int patienceMillis) throws Exception {
        return ask(request(patienceMillis));
    }

    private Reply ask(byte[] frame) throws Exception {
        return new GatewayClient(socket, Duration.ofSeconds(10)).ask(frame);
    }

    private static Reply replyOf(SocketChannel client) throws Exception {
        var in = ByteBuffer.allocate(9_000);
        while (client.read(in) >= 0) {
            Thread.onSpinWait();
        }
        return Reply.decode(java.util.Arrays.copyOf(in.array(), in.position()));
    }

    private int sent(int socket, byte[] bytes, int... descriptors) throws IOException {
        if (descriptors.length != 1 || descriptors[0] != DESCRIPTOR) {
            throw new IOException("other descriptors");
        }
        passed.incrementAndGet();
        return DescriptorPassing.send(socket, bytes, 0); // standard input stands for it
    }

    /** The lines about logins; each is written before or soon after its answer. */
    private static List<ILoggingEvent> loggedBy(Callable<Reply> login) throws Exception {
        var lines = new ListAppender<ILoggingEvent>() {
            @Override
            protected synchronized void append(ILoggingEvent line) {
                super.append(line);
            }

            synchronized List<ILoggingEvent> soFar() {
                return List.copyOf(list);
            }
        };
        var logger = (Logger) LoggerFactory.getLogger(LoginDesk.LOG);
        lines.start();
        logger.addAppender(lines);
        try {
            login.call();
            await().until(() -> !lines.soFar().isEmpty());
            return lines.soFar();
        } finally {
            logger.detachAppender(lines);
        }
    }

    private static byte[] request(int patienceMillis) {
        return request(patienceMillis, Samples.FROM_LOGIN);
    }

    private static byte[] request(int patienceMillis, @Nullable Connection connection) {
        return new LoginRequest(
                        Phase.ACCOUNT,
                        "alice",
                        Samples.ALICE,
                        "sshd",
                        Samples.USUAL,
                        Duration.ofMillis(patienceMillis),
                        connection,
                        null,
                        null,
                        null)
                .encode();
    }
}
