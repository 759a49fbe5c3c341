package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import io.adoptd.slurmd.stepd.StepdAnswer.Told;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ConversationTest {

    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Exchange<Uid> UID = peer -> Requests.uid(Turn.Done::new);
    private static final Exchange<Integer> ADD = peer -> Requests.addExternPid(4242, Turn.Done::new);
    private static final Told<Uid> ALICE = new Told<>(new Uid(2001));

    @TempDir
    private Path dir = Path.of("");

    private final Talk talk = new Talk();
    private final List<FakeStepd> stepds = new ArrayList<>();

    @AfterEach
    void closeAll() throws IOException {
        talk.close();
        for (FakeStepd stepd : stepds) {
            stepd.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"0x2600", "0x2800", "0x2A00", "0x2D00"})
    void aSlurmstepdOfAnyReleaseAnswers(String word) throws Exception {
        Path socket = listening(FakeStepd.like(Integer.decode(word), 2001, dir.resolve("s")));
        assertThat(talk.answer(socket, UID, Talk.LONG)).isEqualTo(ALICE);
        assertThat(talk.answer(socket, ADD, Talk.LONG)).isEqualTo(new Told<>(0));
        assertThat(talk.lastSeen().word()).hasValue(Integer.decode(word));
    }

    @Test
    void theNewestVersionIsRemembered() throws Exception {
        assertThat(talk.lastSeen().word()).isEmpty();
        Path newer = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("newer")));
        Path older = listening(FakeStepd.like(0x2600, 2001, dir.resolve("older")));
        talk.answer(newer, UID, Talk.LONG);
        talk.answer(older, UID, Talk.LONG);
        assertThat(talk.lastSeen().word()).hasValue(0x2D00);
    }

    @Test
    void theKernelSaysWhoListens() throws Exception {
        Path socket = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("s")));
        assertThat(talk.answer(socket, peer -> new Turn.Done<>(peer), Talk.LONG))
                .isEqualTo(new Told<>(new Exchange.Peer(
                        new StepdVersion(0x2D00), (int) ProcessHandle.current().pid())));
    }

    @Test
    void severalRequestsAreOneConversation() throws Exception {
        FakeStepd stepd = FakeStepd.like(0x2D00, 2001, dir.resolve("s"));
        Exchange<List<Object>> all = peer -> Requests.uid(uid -> Requests.sluid(sluid -> Requests.state(
                peer.version(),
                state -> Requests.daemonPid(pid -> Requests.pidInContainer(
                        1,
                        in -> Requests.x11Display(
                                x11 -> new Turn.Done<>(Arrays.asList(uid, sluid, state, pid, in, x11))))))));
        assertThat(talk.answer(listening(stepd), all, Talk.LONG))
                .isEqualTo(new Told<>(List.of(
                        new Uid(2001),
                        new Sluid("s2ZNM83NF17200"),
                        StepState.RUNNING,
                        (int) ProcessHandle.current().pid(),
                        true,
                        new X11Display(0, null))));
        assertThat(stepd.requests()).containsExactly(20, 1, 5, 9, 8, 23);
    }

    @Test
    void isAnsweredOnTheLoopsThread() throws Exception {
        Path socket = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("s")));
        var thread = new AtomicReference<>("");
        talk.ask(socket, UID, Talk.LONG)
                .doOnNext(answer -> thread.set(Thread.currentThread().getName()))
                .block();
        assertThat(thread.get()).startsWith("stepd-");
    }

    @Test
    void isHadAnewForEachSubscriber() throws Exception {
        FakeStepd stepd = FakeStepd.like(0x2D00, 2001, dir.resolve("s"));
        Mono<StepdAnswer<Uid>> mono = talk.ask(listening(stepd), UID, Talk.LONG);
        assertThat(stepd.requests()).isEmpty();
        mono.block();
        mono.block();
        assertThat(stepd.requests()).containsExactly(20, 20);
    }

    @Test
    void aReplyMayComeByteByByte() throws Exception {
        Path socket = listening(talking(line -> {
            line.hear();
            line.sayHaltingly(OnPaper.words(0x2A00));
            line.request();
            line.sayHaltingly(OnPaper.words(5));
            line.sayHaltingly(OnPaper.words(3));
            line.sayHaltingly((byte) '/', (byte) 'x', (byte) 0);
            line.stare();
        }));
        assertThat(talk.answer(socket, peer -> Requests.x11Display(Turn.Done::new), Talk.LONG))
                .isEqualTo(new Told<>(new X11Display(5, "/x")));
    }

    // What goes wrong

    @Test
    void nobodyThereIsAbsent() {
        assertThatFailed(dir.resolve("nothing"), StepdFault.ABSENT).contains("ENOENT");
    }

    @Test
    void aSocketThatNobodyListensAtIsAbsent() throws Exception {
        FakeStepd stepd = FakeStepd.silent(dir.resolve("s"));
        stepd.die();
        assertThatFailed(listening(stepd), StepdFault.ABSENT).contains("ECONNREFUSED");
    }

    @Test
    void whatIsNoSocketIsAbsent() throws Exception {
        assertThatFailed(Files.createFile(dir.resolve("file")), StepdFault.ABSENT)
                .contains("ECONNREFUSED");
    }

    @Test
    void aPathThatIsTooLongForASocketIsNotAsked() {
        assertThatFailed(dir.resolve("x".repeat(108)), StepdFault.UNASKED).contains("longer than 107 bytes");
    }

    @Test
    void hangingUpAtOnceIsGone() throws Exception {
        assertThatFailed(listening(talking(line -> {})), StepdFault.GONE);
    }

    @Test
    void hangingUpAfterTheGreetingIsGone() throws Exception {
        assertThatFailed(listening(talking(line -> line.greet(0x2A00))), StepdFault.GONE);
    }

    @Test
    void hangingUpWithTheRequestUnreadIsGone() throws Exception {
        // As 24.11 and later do with a process for a step that is ending: ECONNRESET.
        Path socket = listening(talking(line -> {
            line.greet(0x2D00);
            line.request();
        }));
        assertThat(talk.answer(socket, ADD, Talk.LONG))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.fault()).isEqualTo(StepdFault.GONE));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void hangingUpInAReplyIsGone(int bytes) throws Exception {
        assertThatFailed(
                        listening(talking(line -> {
                            line.greet(0x2A00);
                            line.request();
                            line.say(Arrays.copyOf(OnPaper.words(2001), bytes));
                        })),
                        StepdFault.GONE)
                .isEqualTo("hung up before its uid");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void hangingUpInTheGreetingIsGone(int bytes) throws Exception {
        assertThatFailed(
                        listening(talking(line -> {
                            line.hear();
                            line.say(Arrays.copyOf(OnPaper.words(0x2A00), bytes));
                        })),
                        StepdFault.GONE)
                .isEqualTo("hung up before its version");
    }

    @Test
    void aRefusedVersionIsUnreadable() throws Exception {
        assertThatFailed(listening(talking(line -> line.greet(-1))), StepdFault.UNREADABLE)
                .contains("does not speak with 0x2d00");
        assertThat(talk.lastSeen().word()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH_9.2", "\0\0\0\0\0\0\0\0", "ÿÿÿÿÿÿÿÿÿÿÿÿ"})
    void rubbishIsUnreadable(String rubbish) throws Exception {
        assertThatFailed(
                listening(talking(line -> {
                    line.say(rubbish.getBytes(StandardCharsets.ISO_8859_1));
                    line.stare();
                })),
                StepdFault.UNREADABLE);
    }

    @Test
    void rubbishAfterTheGreetingIsUnreadable() throws Exception {
        assertThatFailed(
                        listening(talking(line -> {
                            line.greet(0x2A00).say(-1);
                            line.stare();
                        })),
                        StepdFault.UNREADABLE)
                .isEqualTo("uid at 4: 4294967295 is no uid");
    }

    @Test
    void someoneElsesSocketIsToldNothing() throws Exception {
        FakeStepd stepd = FakeStepd.like(0x2D00, 2001, dir.resolve("s"));
        StepdAnswer<Uid> answer =
                talk.ask(listening(stepd), uid -> false, UID, Talk.LONG).block();
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.fault()).isEqualTo(StepdFault.UNTRUSTED))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.why()).contains("listens there"));
        assertThat(stepd.requests()).isEmpty();
        assertThat(talk.lastSeen().word()).isEmpty();
    }

    @Test
    void aFaultOfOursIsAnError() throws Exception {
        Path socket = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("s")));
        Exchange<Uid> broken = peer -> {
            throw new IllegalStateException("ours");
        };
        assertThatIllegalStateException()
                .isThrownBy(() -> talk.answer(socket, broken, Talk.LONG))
                .withMessage("ours");
        assertThat(talk.answer(socket, UID, Talk.LONG)).isEqualTo(ALICE);
    }

    // Time

    @Test
    void silenceEndsAtTheDeadline() throws Exception {
        Path socket = listening(FakeStepd.silent(dir.resolve("s")));
        StepVerifier.create(talk.ask(socket, UID, SHORT))
                .expectNext(new Failed<>(StepdFault.SILENT, "still waiting for version"))
                .expectComplete()
                .verify(Duration.ofSeconds(10));
    }

    @Test
    void silenceAfterTheGreetingEndsAtTheDeadline() throws Exception {
        Path socket = listening(talking(line -> {
            line.greet(0x2A00);
            line.stare();
        }));
        assertThat(talk.answer(socket, UID, SHORT)).isEqualTo(new Failed<>(StepdFault.SILENT, "still waiting for uid"));
    }

    @Test
    void aDeadlineThatHasPassedAsksNothing() throws Exception {
        FakeStepd stepd = FakeStepd.like(0x2D00, 2001, dir.resolve("s"));
        assertThat(talk.answer(listening(stepd), ADD, Duration.ZERO))
                .isEqualTo(new Failed<>(StepdFault.SILENT, "no time left to ask"));
        assertThat(stepd.requests()).isEmpty();
    }

    @Test
    void aFullBacklogIsWaitedForAndNotSpunOn() throws Exception {
        FakeStepd stepd = FakeStepd.silent(dir.resolve("s"), 1);
        List<SocketChannel> crowd = fillBacklog(listening(stepd));
        long cpuBefore = cpuOfLoop();
        var answer = new AtomicReference<StepdAnswer<Uid>>();
        Disposable asking = talk.ask(dir.resolve("s"), UID, Talk.LONG).subscribe(answer::set);
        Thread.sleep(500);
        assertThat(answer).hasValue(null);
        assertThat(cpuOfLoop() - cpuBefore).isLessThan(Duration.ofMillis(150).toNanos());
        for (SocketChannel one : crowd) {
            one.close();
        }
        stepd.start(line -> line.behaveLike(0x2D00, 2001));
        await().untilAsserted(() -> assertThat(answer).hasValue(ALICE));
        asking.dispose();
    }

    @Test
    void aBacklogThatStaysFullIsSilence() throws Exception {
        Path socket = listening(FakeStepd.silent(dir.resolve("s"), 1));
        List<SocketChannel> crowd = fillBacklog(socket);
        assertThat(talk.answer(socket, UID, SHORT))
                .isEqualTo(new Failed<>(StepdFault.SILENT, "still waiting for room in its backlog"));
        for (SocketChannel one : crowd) {
            one.close();
        }
    }

    // Descriptors and threads

    @Test
    void noAnswerLeavesADescriptorBehind() throws Exception {
        Path good = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("good")));
        Path silent = listening(FakeStepd.silent(dir.resolve("silent")));
        Path rude = listening(FakeStepd.talking(dir.resolve("rude"), line -> {}));
        Path odd = listening(FakeStepd.talking(dir.resolve("odd"), line -> line.greet(4711)));
        List<Path> sockets = List.of(good, silent, rude, odd, dir.resolve("none"));
        ask(sockets, SHORT);
        long before = Descriptors.count();
        for (int round = 0; round < 5; round++) {
            ask(sockets, SHORT);
        }
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(before));
    }

    @Test
    void aCancelClosesTheSocketWhereverItMeetsTheConversation() throws Exception {
        Path good = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("good")));
        Path silent = listening(FakeStepd.silent(dir.resolve("silent"), 4096));
        Path full = listening(FakeStepd.silent(dir.resolve("full"), 1));
        List<SocketChannel> crowd = fillBacklog(full);
        ask(List.of(good, silent, full), SHORT);
        long before = settledDescriptors();
        for (int micros = 0; micros < 300; micros++) {
            for (Path socket : List.of(good, silent, full)) {
                Disposable asking = talk.ask(socket, UID, Talk.LONG).subscribe();
                long until = System.nanoTime() + micros * 1000L;
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                asking.dispose();
            }
        }
        // The silent one keeps its ends of what was never accepted: they are not descriptors of this process.
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(before));
        for (SocketChannel one : crowd) {
            one.close();
        }
    }

    @Test
    void fiftySilentOnesHoldNoThreadAndHideNoOther() throws Exception {
        List<Path> silent = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            silent.add(listening(FakeStepd.silent(dir.resolve("silent" + n))));
        }
        Path good = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("good")));
        talk.answer(good, UID, Talk.LONG);
        Set<Thread> threadsBefore = Threads.now();
        long descriptorsBefore = settledDescriptors();
        Disposable asking = Flux.fromIterable(silent)
                .flatMap(socket -> talk.ask(socket, UID, Talk.LONG), silent.size())
                .subscribe();
        await().untilAsserted(() -> assertThat(Descriptors.count()).isGreaterThanOrEqualTo(descriptorsBefore + 50));
        assertThat(talk.answer(good, UID, Duration.ofSeconds(5))).isEqualTo(ALICE);
        assertThat(Threads.newSince(threadsBefore)).isEmpty();
        asking.dispose();
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(descriptorsBefore));
    }

    @Test
    void manyConversationsAtOnceAreAllAnswered() throws Exception {
        Path socket = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("s")));
        List<StepdAnswer<Uid>> answers = Flux.range(0, 200)
                .flatMap(n -> talk.ask(socket, UID, Talk.LONG), 200)
                .collectList()
                .block();
        assertThat(answers).hasSize(200).containsOnly(ALICE);
    }

    // The end

    @Test
    void closingTheLoopAnswersWhoIsStillWaiting() throws Exception {
        Path socket = listening(FakeStepd.silent(dir.resolve("s")));
        var answer = new AtomicReference<StepdAnswer<Uid>>();
        Disposable asking = talk.ask(socket, UID, Talk.LONG).subscribe(answer::set);
        talk.loop().close();
        await().untilAsserted(() -> assertThat(answer)
                .hasValueSatisfying(is -> assertThat(is)
                        .isInstanceOfSatisfying(
                                Failed.class, failed -> assertThat(failed.why()).contains("adoptd ends"))));
        asking.dispose();
    }

    @Test
    void aClosedLoopIsNotAsked() throws Exception {
        Path socket = listening(FakeStepd.like(0x2D00, 2001, dir.resolve("s")));
        talk.answer(socket, UID, Talk.LONG);
        talk.loop().close();
        talk.loop().close();
        await().untilAsserted(() -> assertThat(talk.answer(socket, UID, Talk.LONG))
                .isEqualTo(new Failed<>(StepdFault.UNASKED, "adoptd talks to slurmstepds no more")));
    }

    @Test
    void aClosedLoopLeavesNoDescriptor() throws Exception {
        Path socket = listening(FakeStepd.silent(dir.resolve("s")));
        try (var warm = new Talk()) {
            warm.answer(socket, UID, SHORT);
        }
        long before = settledDescriptors();
        var other = new Talk();
        Disposable asking = other.ask(socket, UID, Talk.LONG).subscribe();
        other.close();
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(before));
        asking.dispose();
    }

    private void ask(List<Path> sockets, Duration budget) {
        Flux.fromIterable(sockets)
                .flatMap(socket -> talk.ask(socket, UID, budget))
                .blockLast();
    }

    private AbstractStringAssert<?> assertThatFailed(Path socket, StepdFault fault) {
        return talk.answer(socket, UID, Talk.LONG)
                .fold(
                        told -> {
                            throw new AssertionError(told);
                        },
                        failed -> {
                            assertThat(failed.fault()).isEqualTo(fault);
                            return assertThat(failed.why());
                        });
    }

    /** Once nothing is on its way to be closed any more. */
    private static long settledDescriptors() throws InterruptedException {
        long then = -1;
        long now = Descriptors.count();
        while (now != then) {
            Thread.sleep(100);
            then = now;
            now = Descriptors.count();
        }
        return now;
    }

    private static long cpuOfLoop() {
        var threads = ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("stepd-"))
                .mapToLong(thread -> threads.getThreadCpuTime(thread.getId()))
                .filter(nanos -> nanos > 0)
                .sum();
    }

    /** Connections until the kernel takes no more. */
    private static List<SocketChannel> fillBacklog(Path socket) {
        var crowd = new ArrayList<SocketChannel>();
        IntStream.range(0, 100).forEach(n -> {
            try {
                SocketChannel one = SocketChannel.open(StandardProtocolFamily.UNIX);
                one.configureBlocking(false);
                if (one.connect(UnixDomainSocketAddress.of(socket))) {
                    crowd.add(one);
                } else {
                    one.close();
                }
            } catch (IOException e) {
                // Full.
            }
        });
        return crowd;
    }

    private FakeStepd talking(FakeStepd.Script script) throws IOException {
        return FakeStepd.talking(dir.resolve("s"), script);
    }

    private Path listening(FakeStepd stepd) {
        stepds.add(stepd);
        return stepd.path();
    }
}
