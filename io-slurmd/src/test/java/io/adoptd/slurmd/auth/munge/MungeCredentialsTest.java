package io.adoptd.slurmd.auth.munge;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
        try (var credentials = of(new MungeCalls(() -> new SaysAlways(error)))) {
            String why = "munge: words of the context (" + error + ")";
            assertThat(verify(credentials)).isEqualTo(new VerifyAnswer.Unavailable(why));
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

    /** A libmunge that has one answer. */
    private record SaysAlways(int error) implements Munge {

        @Override
        public int munge_encode(PointerByReference cred, Pointer ctx, byte[] buf, int len) {
            return error;
        }

        @Override
        public int munge_decode(
                String cred,
                Pointer ctx,
                PointerByReference buf,
                IntByReference len,
                IntByReference uid,
                IntByReference gid) {
            return error;
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
