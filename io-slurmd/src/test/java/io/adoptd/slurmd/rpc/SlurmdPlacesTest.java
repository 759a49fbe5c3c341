package io.adoptd.slurmd.rpc;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.rpc.SlurmdHost.Asked;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Where the slurmd of a login's source listens: on one of many ports, or at another address of its node. */
class SlurmdPlacesTest {

    private static final SourceJob JOB_4242 = new SourceJob(new JobId(4242));
    private static final InetAddress SOURCE = ip("127.0.0.1");
    private static final InetAddress ANOTHER = ip("127.0.0.2");

    private static LoopResources loops;

    private final SlurmdReplies replies = new SlurmdReplies(new FakeCredentials());
    private final VirtualTimeScheduler virtual = VirtualTimeScheduler.create();
    private final FakeCredentials credentials = new FakeCredentials();

    @BeforeAll
    static void startLoops() {
        loops = LoopResources.create("places", 1, true);
    }

    @AfterAll
    static void endLoops() {
        loops.disposeLater(Duration.ZERO, ofSeconds(5)).block();
    }

    // Many slurmds on one host

    @ParameterizedTest
    @ValueSource(ints = {16, 100, 128})
    void theOneThatKnowsTheJobIsFoundAmongMany(int slurmds) {
        try (var host = host(slurmds, slurmd -> slurmd == slurmds - 1 ? replies.job(4242) : doesNotSay())) {
            assertThat(ask(host)).isEqualTo(JOB_4242);
            assertThat(host.asked()).as("each once").hasSize(slurmds);
        }
    }

    @Test
    void onceOneNamesAJobTheOthersAreNotAsked() {
        try (var host = host(100, slurmd -> slurmd == 0 ? replies.job(4242) : SlurmdHost.NOTHING)) {
            assertThat(ask(host)).isEqualTo(JOB_4242);
            assertThat(host.opened()).isLessThanOrEqualTo(SlurmdCallerid.AT_ONCE);
            await().until(() -> host.open() == 0);
        }
    }

    @Test
    void theMappedFormIsAskedForOnlyWhenThePlainOneIsUnknownToAll() {
        try (var host = host(
                100,
                slurmd -> request ->
                        (slurmd == 60 && isMapped(request) ? replies.job(4242) : doesNotSay()).apply(request))) {
            assertThat(ask(host)).isEqualTo(JOB_4242);
            List<Boolean> mapped = host.asked().stream()
                    .map(asked -> isMapped(asked.request()))
                    .toList();
            assertThat(mapped.subList(0, 100)).containsOnly(false);
            assertThat(mapped.subList(100, mapped.size())).containsOnly(true);
        }
    }

    @Test
    void aConnectionUnknownToAllIsIndeterminateAfterTwoQuestionsToEach() {
        try (var host = host(16, slurmd -> doesNotSay())) {
            assertThat(ask(host)).isEqualTo(new Indeterminate());
            assertThat(host.asked().stream().map(Asked::slurmd))
                    .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 32)
                            .mapToObj(question -> question % 16)
                            .toList());
        }
    }

    @Test
    void someThatDoNotAnswerDoNotKeepTheOthersFromBeingAsked() {
        try (var host = host(
                100,
                slurmd -> slurmd < SlurmdCallerid.AT_ONCE - 1
                        ? SlurmdHost.NOTHING
                        : slurmd == 99 ? replies.job(4242) : doesNotSay())) {
            assertThat(callerid(settings(host))
                            .ask(login(SOURCE), inVirtual(ofMillis(800)))
                            .toFuture())
                    .as("in no time at all")
                    .succeedsWithin(ofSeconds(20))
                    .isEqualTo(JOB_4242);
        }
    }

    @Test
    void soManyAreAskedAtOnceAndNoneAfterTheDeadline() {
        try (var host = host(100, slurmd -> SlurmdHost.NOTHING)) {
            var answer = callerid(settings(host))
                    .ask(login(SOURCE), inVirtual(ofMillis(800)))
                    .toFuture();
            await().atMost(ofSeconds(20)).until(() -> host.asked().size() == SlurmdCallerid.AT_ONCE);
            virtual.advanceTimeBy(ofMillis(799));
            assertThat(answer).isNotDone();
            virtual.advanceTimeBy(ofMillis(1));
            assertThat(answer)
                    .succeedsWithin(ofSeconds(20))
                    .isInstanceOfSatisfying(
                            NoAnswer.class, none -> assertThat(none.failure()).isEqualTo(Failure.TIMED_OUT));
            await().until(() -> host.open() == 0);
            assertThat(host.opened()).isEqualTo(SlurmdCallerid.AT_ONCE);
        }
    }

    @Test
    void aLoginThatGoesAwayTakesAllItsConnectionsAlong() {
        try (var host = host(100, slurmd -> SlurmdHost.NOTHING)) {
            var asking = callerid(settings(host))
                    .ask(login(SOURCE), in(ofSeconds(60)))
                    .subscribe();
            await().atMost(ofSeconds(20)).until(() -> host.asked().size() == SlurmdCallerid.AT_ONCE);
            asking.dispose();
            await().until(() -> host.open() == 0);
        }
    }

    // Another address of the node

    @Test
    void aSlurmdThatListensOnIpv4AloneIsAskedThereAboutTheIpv6Connection() {
        InetAddress source = ip("::1");
        try (var host = new SlurmdHost(SOURCE, 0, 1, loops, slurmd -> replies.job(4242))) {
            var callerid = callerid(settings(host.ports().get(0), Mono.just(List.of(SOURCE))));
            assertThat(answer(callerid.ask(login(source), in(ofSeconds(20))))).isEqualTo(JOB_4242);
            assertThat(host.asked().get(0).request().body())
                    .isEqualTo(NetworkCalleridRequest.of(login(source)).encode());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whereTheSourceAddressAnswersNoOtherIsAsked(boolean knows) {
        var lookedUp = new AtomicInteger();
        try (var host = new SlurmdHost(SOURCE, 0, 1, loops, slurmd -> knows ? replies.job(4242) : doesNotSay())) {
            var others = Mono.fromSupplier(() -> List.of(ANOTHER)).doOnNext(list -> lookedUp.incrementAndGet());
            var callerid = callerid(settings(host.ports().get(0), others));
            assertThat(callerid.ask(login(SOURCE), inVirtual(ofMillis(800))).toFuture())
                    .succeedsWithin(ofSeconds(20))
                    .isEqualTo(knows ? JOB_4242 : new Indeterminate());
            assertThat(lookedUp).hasValue(0);
        }
    }

    @Test
    void aSourceAddressThatDoesNotAnswerHasAHeadStartOnly() {
        try (var silent = new SlurmdHost(SOURCE, 0, 1, loops, slurmd -> SlurmdHost.NOTHING);
                var knows = new SlurmdHost(ANOTHER, silent.ports().get(0), 1, loops, slurmd -> replies.job(4242))) {
            var answer = callerid(settings(silent.ports().get(0), Mono.just(List.of(ANOTHER))))
                    .ask(login(SOURCE), inVirtual(ofMillis(800)))
                    .toFuture();
            await().until(() -> silent.asked().size() == 1);
            virtual.advanceTimeBy(SlurmdCallerid.HEAD_START.minusMillis(1));
            assertThat(knows.opened()).isZero();
            virtual.advanceTimeBy(ofMillis(1));
            assertThat(answer).succeedsWithin(ofSeconds(20)).isEqualTo(JOB_4242);
            await().until(() -> silent.open() == 0 && knows.open() == 0);
        }
    }

    @Test
    void theOtherAddressesAreAskedOneAfterTheOther() throws IOException {
        try (var knows = new SlurmdHost(ip("127.0.0.3"), 0, 1, loops, slurmd -> replies.job(4242));
                var never = new SlurmdHost(ip("127.0.0.4"), knows.ports().get(0), 1, loops, slurmd -> doesNotSay())) {
            var others = List.of(ANOTHER, ip("127.0.0.3"), ip("127.0.0.4"));
            var callerid = callerid(settings(knows.ports().get(0), Mono.just(others)));
            assertThat(answer(callerid.ask(login(SOURCE), in(ofSeconds(20))))).isEqualTo(JOB_4242);
            assertThat(never.opened()).isZero();
        }
    }

    @Test
    void addressesThatAreNotFoundInTimeCostNoMoreThanTheDeadline() throws IOException {
        var answer = callerid(settings(freePort(), Mono.never()))
                .ask(login(SOURCE), inVirtual(ofMillis(800)))
                .toFuture();
        await().pollDelay(ofMillis(50)).until(() -> true);
        virtual.advanceTimeBy(ofMillis(799));
        assertThat(answer).isNotDone();
        virtual.advanceTimeBy(ofMillis(1));
        assertThat(answer).succeedsWithin(ofSeconds(20)).isEqualTo(new NoAnswer(Failure.REFUSED, "refused"));
    }

    @Test
    void aNodeWithoutAnotherAddressIsWhatItsSourceAddressSays() throws IOException {
        assertThat(answer(callerid(settings(freePort(), Mono.just(List.of()))).ask(login(SOURCE), in(ofSeconds(20)))))
                .isEqualTo(new NoAnswer(Failure.REFUSED, "refused"));
    }

    @Test
    void aLinkLocalSourceIsUnreachableAndNoFault() {
        var callerid = callerid(settings(6818, Mono.error(new IllegalStateException("looked up"))));
        assertThat(answer(callerid.ask(login(ip("fe80::1")), in(ofSeconds(20)))))
                .isEqualTo(new NoAnswer(Failure.UNREACHABLE, "a link-local address, without its interface"));
    }

    @Test
    void aLoginThatGoesAwayTakesBothConnectionsAlong() {
        try (var silent = new SlurmdHost(SOURCE, 0, 1, loops, slurmd -> SlurmdHost.NOTHING);
                var too = new SlurmdHost(ANOTHER, silent.ports().get(0), 1, loops, slurmd -> SlurmdHost.NOTHING)) {
            var asking = callerid(settings(silent.ports().get(0), Mono.just(List.of(ANOTHER))))
                    .ask(login(SOURCE), in(ofSeconds(60)))
                    .subscribe();
            await().atMost(ofSeconds(20)).until(() -> silent.open() == 1 && too.open() == 1);
            asking.dispose();
            await().until(() -> silent.open() == 0 && too.open() == 0);
        }
    }

    private SlurmdHost host(int slurmds, IntFunction<Function<RpcFrame, Bytes>> answers) {
        return new SlurmdHost(SOURCE, 0, slurmds, loops, answers);
    }

    private CalleridAnswer ask(SlurmdHost host) {
        return answer(callerid(settings(host)).ask(login(SOURCE), in(ofSeconds(20))));
    }

    private static CalleridAnswer answer(Mono<CalleridAnswer> asked) {
        return asked.blockOptional(ofSeconds(30)).orElseThrow();
    }

    private SlurmdCallerid callerid(SlurmdSettings settings) {
        var sources = new Sources(Sources.Limits.DEFAULT, LoginClock.monotonic(Schedulers.parallel()));
        return new SlurmdCallerid(credentials, () -> settings, () -> SlurmVersion.COMMON, sources, loops);
    }

    private static SlurmdSettings settings(SlurmdHost host) {
        return new SlurmdSettings(1, new Uid(0), new Uid(0), Map.of(NodePorts.THIS_HOST, host.ports()));
    }

    private static SlurmdSettings settings(int port, Mono<List<InetAddress>> others) {
        return new SlurmdSettings(port, new Uid(0), new Uid(0), Map.of(), source -> others);
    }

    private static Connection login(InetAddress source) {
        return new Connection(new Endpoint(source, 40_000), new Endpoint(source, 22));
    }

    private Function<RpcFrame, Bytes> doesNotSay() {
        return replies.job(NetworkCalleridResponse.NO_VAL);
    }

    private static boolean isMapped(RpcFrame request) {
        return request.body()
                .equals(NetworkCalleridRequest.mapped(login(SOURCE)).encode());
    }

    private static int freePort() throws IOException {
        try (var port = new ServerSocket()) {
            port.bind(new InetSocketAddress(SOURCE, 0));
            return port.getLocalPort();
        }
    }

    private static Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
    }

    private Deadline inVirtual(Duration budget) {
        return Deadline.in(budget, LoginClock.of(virtual));
    }

    private static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
