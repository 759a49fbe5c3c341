package io.adoptd.slurmd.auth.munge;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.VerifyAnswer.Refusal;
import io.adoptd.slurmd.auth.VerifyAnswer.Refused;
import io.adoptd.slurmd.wire.Bytes;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

class MungeCredentialsTest {

    private static final Bytes PAYLOAD = hex("02");
    private static final Token TOKEN = new Token("MUNGE:AAAA:");

    @Test
    void aMissingLibraryIsAnAnswer() {
        try (var credentials = of(new MungeCalls(() -> MungeCalls.load("libmunge-is-not-here.so.2")))) {
            assertThat(make(credentials)).isEqualTo(new MakeAnswer.Unavailable("libmunge.so.2 cannot be loaded"));
            assertThat(verify(credentials)).isEqualTo(new VerifyAnswer.Unavailable("libmunge.so.2 cannot be loaded"));
        }
    }

    @Test
    void nothingIsLoadedBeforeItIsNeededAndThenOnce() {
        var loads = new AtomicInteger();
        try (var credentials = of(new MungeCalls(() -> {
            loads.incrementAndGet();
            return new SaysAlways(6);
        }))) {
            assertThat(loads).hasValue(0);
            make(credentials);
            verify(credentials);
            assertThat(loads).hasValue(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, INVALID",
        "8, INVALID",
        "9, INVALID",
        "10, INVALID",
        "11, INVALID",
        "12, INVALID",
        "13, INVALID",
        "14, INVALID",
        "15, EXPIRED",
        "16, REWOUND",
        "17, REPLAYED",
        "18, NOT_FOR_US"
    })
    void whatConcernsTheCredentialIsARefusal(int error, Refusal refusal) {
        try (var credentials = of(new MungeCalls(() -> new SaysAlways(error)))) {
            assertThat(verify(credentials)).isEqualTo(new Refused(refusal, "munge: fixed words (" + error + ")"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 6, 7, 19, -1})
    void whatDoesNotTellsNothingOfIt(int error) {
        String why = "munge: words of the context (" + error + ")";
        try (var credentials = of(new MungeCalls(() -> new SaysAlways(error)))) {
            assertThat(verify(credentials)).isEqualTo(new VerifyAnswer.Unavailable(why));
        }
        try (var credentials = of(new MungeCalls(() -> new SaysAlways(error)))) { // that one has a moment only by now
            assertThat(make(credentials)).isEqualTo(new MakeAnswer.Unavailable(why));
        }
    }

    @Test
    void aDeadlineThatHasPassedMakesNoCall() {
        var loaded = new AtomicBoolean();
        try (var credentials = of(new MungeCalls(() -> {
            loaded.set(true);
            return new SaysAlways(6);
        }))) {
            var clock = LoginClock.of(VirtualTimeScheduler.create());
            var answer =
                    credentials.make(PAYLOAD, Deadline.in(ofSeconds(0), clock)).block();
            assertThat(answer).isEqualTo(new MakeAnswer.Unavailable("munge: no answer in time"));
            assertThat(loaded).isFalse();
        }
    }

    @Test
    void whoFindsTheQueueFullIsToldAtOnce() {
        try (var held = new Held()) {
            held.fill();
            assertThat(held.make()).isCompletedWithValue(new MakeAnswer.Unavailable("munge: queue is full"));
        }
    }

    @Test
    void whileBothThreadsAreLostNobodyWaits() {
        try (var held = new Held()) {
            var first = held.make();
            var second = held.make();
            await().until(() -> held.calls.get() == 2);
            held.time.advanceTimeBy(MungeCredentials.LOST_AFTER.minusMillis(1));
            var third = held.make();
            assertThat(third).isNotDone();
            held.time.advanceTimeBy(ofMillis(1));
            assertThat(held.make()).isCompletedWithValue(new MakeAnswer.Unavailable("munge: munged does not answer"));
            held.time.advanceTimeBy(ofSeconds(20));
            assertThat(List.of(first, second, third))
                    .allMatch(late -> late.join().equals(new MakeAnswer.Unavailable("munge: munged does not answer")));
            held.letGo(100);
            await().until(() ->
                    held.make().join().equals(new MakeAnswer.Unavailable("munge: words of the context (6)")));
        }
    }

    @Test
    void aMungedThatDidNotAnswerIsTriedForAMomentAndByOneAtATime() {
        try (var held = new Held()) {
            var first = held.verify();
            await().until(() -> held.calls.get() == 1);
            held.time.advanceTimeBy(ofSeconds(20));
            var lost = new VerifyAnswer.Unavailable("munge: munged does not answer");
            assertThat(first).isCompletedWithValue(lost);
            assertThat(held.verify()).as("while that call is in the library").isCompletedWithValue(lost);

            held.letGo(1);
            await().until(held.credentials::isIdle);
            var second = held.verify();
            await().until(() -> held.calls.get() == 2);
            assertThat(held.verify()).as("while another one tries").isCompletedWithValue(lost);
            held.time.advanceTimeBy(MungeCredentials.TRIAL);
            assertThat(second).isCompletedWithValue(lost);

            held.error = 8;
            held.letGo(1);
            await().until(held.credentials::isIdle);
            var third = held.verify();
            var fourth = held.verify();
            assertThat(fourth).as("it has answered, if too late").isNotDone();
            held.letGo(2);
            var garbage = new Refused(Refusal.INVALID, "munge: fixed words (8)");
            assertThat(third).succeedsWithin(ofSeconds(10)).isEqualTo(garbage);
            assertThat(fourth).succeedsWithin(ofSeconds(10)).isEqualTo(garbage);
        }
    }

    @Test
    void whoGivesUpBeforeItsDeadlineLeavesWordOfIt() {
        try (var held = new Held()) {
            var hasty = held.make();
            await().until(() -> held.calls.get() == 1);
            hasty.cancel(false);
            var second = held.make();
            assertThat(second).as("that was too early to tell").isNotDone();
            held.time.advanceTimeBy(MungeCredentials.LOST_AFTER);
            second.cancel(false);
            assertThat(held.make()).isCompletedWithValue(new MakeAnswer.Unavailable("munge: munged does not answer"));
        }
    }

    @Test
    void oneThreadThatIsLeftServesThemAll() {
        try (var held = new Held()) {
            var first = held.make();
            await().until(() -> held.calls.get() == 1);
            held.time.advanceTimeBy(MungeCredentials.LOST_AFTER);
            var second = held.make();
            await().until(() -> held.calls.get() == 2);
            held.letGo(2);
            assertThat(first).succeedsWithin(ofSeconds(10));
            assertThat(second).succeedsWithin(ofSeconds(10));
        }
    }

    /** All of none are lost: so it was said when the calls ended between one look and the next. */
    @Test
    void aMungedThatAnswersIsNeverSaidNotTo() throws InterruptedException {
        int asking = 4;
        int each = 50_000;
        var denied = new AtomicInteger();
        var ended = new CountDownLatch(asking);
        var stopped = new LoginClock(() -> 0, Schedulers.parallel()); // so no call is lost, however busy the machine is
        var deadline = Deadline.in(ofSeconds(20), stopped);
        try (var credentials = of(new MungeCalls(() -> new SaysAlways(8)))) {
            for (int thread = 0; thread < asking; thread++) {
                new Thread(() -> {
                            for (int i = 0; i < each; i++) {
                                credentials.verify(TOKEN, deadline).subscribe(answer -> {
                                    if (answer.equals(new VerifyAnswer.Unavailable("munge: munged does not answer"))) {
                                        denied.incrementAndGet();
                                    }
                                });
                            }
                            ended.countDown();
                        })
                        .start();
            }
            assertThat(ended.await(50, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(denied).hasValue(0);
    }

    @Test
    void ofManyThatComeAtOnceOneTriesAMungedThatDidNotAnswer() {
        try (var held = new Held()) {
            var first = held.verify();
            await().until(() -> held.calls.get() == 1);
            held.time.advanceTimeBy(MungeCredentials.PATIENCE);
            assertThat(first).isDone();
            held.letGo(1);
            await().until(held.credentials::isIdle);
            var crowd = IntStream.range(0, 20).mapToObj(i -> held.verify()).toList();
            assertThat(crowd.stream().filter(CompletableFuture::isDone)).hasSize(19);
        }
    }

    @Test
    void aMungedThatHangsCostsALoginNoMoreThanThePatienceHoweverMuchItHas() {
        try (var held = new Held()) {
            var first = held.make();
            await().until(() -> held.calls.get() == 1);
            held.time.advanceTimeBy(MungeCredentials.PATIENCE.minusMillis(1));
            assertThat(first).isNotDone();
            held.time.advanceTimeBy(ofMillis(1));
            assertThat(first).isCompletedWithValue(new MakeAnswer.Unavailable("munge: munged does not answer"));
        }
    }

    @Test
    void onceClosedItIsUnavailable() {
        var credentials = of(new MungeCalls(() -> new SaysAlways(6)));
        credentials.close();
        assertThat(make(credentials)).isInstanceOf(MakeAnswer.Unavailable.class);
        assertThat(verify(credentials)).isInstanceOf(VerifyAnswer.Unavailable.class);
    }

    private static MungeCredentials of(MungeCalls calls) {
        return new MungeCredentials(calls, () -> AuthInfo.DEFAULT);
    }

    private static @Nullable MakeAnswer make(MungeCredentials credentials) {
        return credentials.make(PAYLOAD, soon()).block();
    }

    private static @Nullable VerifyAnswer verify(MungeCredentials credentials) {
        return credentials.verify(TOKEN, soon()).block();
    }

    private static Deadline soon() {
        return Deadline.in(ofSeconds(20), LoginClock.monotonic(Schedulers.parallel()));
    }

    /** Calls that hang until they are let go, in virtual time. */
    private static final class Held implements AutoCloseable {

        private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
        private final LoginClock clock = LoginClock.of(time);
        private final Semaphore gate = new Semaphore(0);
        private final AtomicInteger calls = new AtomicInteger();
        private final MungeCredentials credentials =
                new MungeCredentials(new MungeCalls(() -> new SaysAlways(() -> this.error)), this::hold);
        private volatile int error = 6;

        CompletableFuture<MakeAnswer> make() {
            return credentials.make(PAYLOAD, Deadline.in(ofSeconds(20), clock)).toFuture();
        }

        /** Both threads, and all the room behind them. */
        void fill() {
            var held = IntStream.range(0, MungeCredentials.QUEUED + 2)
                    .mapToObj(i -> make())
                    .toList();
            assertThat(held).noneMatch(CompletableFuture::isDone);
        }

        CompletableFuture<VerifyAnswer> verify() {
            return credentials.verify(TOKEN, Deadline.in(ofSeconds(20), clock)).toFuture();
        }

        /** Lets so many calls come back, in whatever order. */
        void letGo(int count) {
            gate.release(count);
        }

        /** The library is not to be interrupted either. */
        private AuthInfo hold() {
            calls.incrementAndGet();
            gate.acquireUninterruptibly();
            return AuthInfo.DEFAULT;
        }

        @Override
        public void close() {
            letGo(10_000);
            credentials.close();
        }
    }

    /** A libmunge that has one answer. */
    private record SaysAlways(IntSupplier error) implements Munge {

        SaysAlways(int error) {
            this(() -> error);
        }

        @Override
        public int munge_encode(PointerByReference cred, Pointer ctx, byte[] buf, int len) {
            return error.getAsInt();
        }

        @Override
        public int munge_decode(
                String cred,
                Pointer ctx,
                PointerByReference buf,
                IntByReference len,
                IntByReference uid,
                IntByReference gid) {
            return error.getAsInt();
        }

        @Override
        public String munge_strerror(int e) {
            return "fixed words";
        }

        @Override
        public Pointer munge_ctx_create() {
            return Pointer.createConstant(0x1000);
        }

        @Override
        public void munge_ctx_destroy(Pointer ctx) {}

        @Override
        public String munge_ctx_strerror(Pointer ctx) {
            return "words of the context";
        }

        @Override
        public int munge_ctx_set(Pointer ctx, int opt, Object... value) {
            return Munge.EMUNGE_SUCCESS;
        }
    }
}
