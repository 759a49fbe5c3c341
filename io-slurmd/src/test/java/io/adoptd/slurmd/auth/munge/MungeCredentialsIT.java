package io.adoptd.slurmd.auth.munge;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.MakeAnswer.Made;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.VerifyAnswer.Refusal;
import io.adoptd.slurmd.auth.VerifyAnswer.Refused;
import io.adoptd.slurmd.auth.VerifyAnswer.VerifiedCredential;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Packer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class MungeCredentialsIT {

    private static final Bytes PAYLOAD = hex("028b9209e7a3641ab1b855b2d4ca04f405b4de6fd3c9054c19db56510e0134c6bb");
    private static final LoginClock CLOCK = LoginClock.monotonic(Schedulers.parallel());

    @TempDir
    private static Path dir;

    private static Munged munged;
    private static MungeCredentials credentials;

    @BeforeAll
    static void startMunged() throws IOException {
        assumeTrue(Munged.program().isPresent(), "munged is not installed (Debian package munge)");
        munged = Munged.in(dir);
        credentials = new MungeCredentials(munged::authInfo);
    }

    @AfterAll
    static void endMunged() {
        if (credentials != null) {
            credentials.close();
        }
        if (munged != null) {
            munged.close();
        }
    }

    @Test
    void whatIsMadeHereIsOursAndCarriesItsPayload() throws IOException {
        assertThat(verify(credentials, made(PAYLOAD)))
                .isEqualTo(new VerifyAnswer.Verified(new VerifiedCredential(new Uid(id("uid")), id("gid"), PAYLOAD)));
    }

    @Test
    void anEmptyPayloadIsCarriedTooSoThatItCanBeRefused() {
        assertThat(payloadOf(verify(credentials, made(Bytes.NONE)))).isEqualTo(Bytes.NONE);
    }

    @Test
    void itIsGoodForOneLook() {
        Token token = made(PAYLOAD);
        verify(credentials, token);
        assertThat(verify(credentials, token))
                .isEqualTo(new Refused(Refusal.REPLAYED, "munge: Replayed credential (17)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "MUNGE:", "MUNGE:AAAA:", "MUNGE:AwQDAAAA:"})
    void garbageIsInvalid(String text) {
        assertThat(refusal(verify(credentials, new Token(text)))).isEqualTo(Refusal.INVALID);
    }

    @Test
    void garbageSpoilsNothingThatFollows() {
        verify(credentials, new Token("MUNGE:AAAA:"));
        assertThat(payloadOf(verify(credentials, made(PAYLOAD)))).isEqualTo(PAYLOAD);
    }

    @Test
    void aCredentialOfAnotherRealmIsInvalid(@TempDir Path elsewhere) throws IOException {
        try (var other = Munged.in(elsewhere);
                var others = new MungeCredentials(other::authInfo)) {
            Token token = ((Made) answer(others.make(PAYLOAD, in(ofSeconds(5))))).credential();
            assertThat(refusal(verify(credentials, token))).isEqualTo(Refusal.INVALID);
        }
    }

    @Test
    void aCredentialForSomebodyElseIsNotForUs() throws IOException {
        long other = id("uid") + 1;
        String token =
                Munged.run(List.of("munge", "--socket=" + munged.socket(), "--string=x", "--restrict-uid=" + other));
        assertThat(refusal(verify(credentials, new Token(token)))).isEqualTo(Refusal.NOT_FOR_US);
    }

    @Test
    void theTimeToLiveIsTheOneOfAuthInfo() throws InterruptedException {
        try (var shortLived =
                new MungeCredentials(() -> new AuthInfo(munged.authInfo().socket(), 1))) {
            Token token = ((Made) answer(shortLived.make(PAYLOAD, in(ofSeconds(5))))).credential();
            Thread.sleep(2_500);
            assertThat(refusal(verify(credentials, token))).isEqualTo(Refusal.EXPIRED);
        }
    }

    @Test
    void anAbsentSocketIsAnAnswerAtOnce() {
        try (var nowhere = new MungeCredentials(() -> AuthInfo.parse("socket=" + dir.resolve("absent")))) {
            assertThat(answer(nowhere.make(PAYLOAD, in(ofSeconds(30)))))
                    .isInstanceOfSatisfying(
                            MakeAnswer.Unavailable.class,
                            none -> assertThat(none.why()).startsWith("munge: ").endsWith("(6)"));
            assertThat(answer(nowhere.verify(new Token("MUNGE:AAAA:"), in(ofSeconds(30)))))
                    .isInstanceOf(VerifyAnswer.Unavailable.class);
        }
    }

    @Test
    void manyAtOnceAreNotMixedUp() {
        List<Bytes> payloads = IntStream.range(0, 60)
                .mapToObj(i -> new Packer().uint32(i).packed())
                .toList();
        List<Bytes> back = answer(Flux.fromIterable(payloads)
                .flatMapSequential(payload -> credentials
                        .make(payload, in(ofSeconds(20)))
                        .flatMap(answer -> credentials.verify(((Made) answer).credential(), in(ofSeconds(20))))
                        .map(MungeCredentialsIT::payloadOf))
                .collectList());
        assertThat(back).isEqualTo(payloads);
    }

    @Test
    void aStoppedMungedCostsItsDeadlineAndNoMore(@TempDir Path elsewhere) throws IOException {
        try (var stopped = Munged.in(elsewhere);
                var credentials = new MungeCredentials(stopped::authInfo)) {
            Token token = ((Made) answer(credentials.make(PAYLOAD, in(ofSeconds(5))))).credential();
            stopped.stop();
            long start = System.nanoTime();
            var answers = answer(Mono.zip(
                    credentials.make(PAYLOAD, in(ofMillis(300))), credentials.verify(token, in(ofMillis(300)))));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(ofMillis(300), ofMillis(1500));
            assertThat(answers.getT1()).isEqualTo(new MakeAnswer.Unavailable("munge: no answer in time"));
            assertThat(answers.getT2()).isEqualTo(new VerifyAnswer.Unavailable("munge: no answer in time"));
            stopped.goOn();
            assertThat(answer(credentials.make(PAYLOAD, in(ofSeconds(15))))).isInstanceOf(Made.class);
        }
    }

    @Test
    void aMungedThatHangsCostsTheLaterOnesNothing(@TempDir Path elsewhere) throws IOException {
        try (var stopped = Munged.in(elsewhere);
                var credentials = new MungeCredentials(stopped::authInfo)) {
            stopped.stop();
            answer(Mono.zip(
                    credentials.make(PAYLOAD, in(ofMillis(1500))), credentials.make(PAYLOAD, in(ofMillis(1500)))));
            assertLost(credentials);
            stopped.goOn();
            assertWorksWithin(ofSeconds(5), credentials);
        }
    }

    /** Its socket stays, nobody listens there, and the library tries for two seconds. */
    @Test
    void noMoreDoesOneThatWasKilled(@TempDir Path elsewhere) throws IOException {
        try (var killed = Munged.in(elsewhere);
                var credentials = new MungeCredentials(killed::authInfo)) {
            killed.kill();
            answer(Mono.zip(
                    credentials.make(PAYLOAD, in(ofMillis(1500))), credentials.make(PAYLOAD, in(ofMillis(1500)))));
            assertLost(credentials);
            try (var restarted = Munged.in(elsewhere)) {
                assertThat(restarted.authInfo()).isEqualTo(killed.authInfo());
                assertWorksWithin(ofSeconds(10), credentials);
            }
        }
    }

    private static void assertLost(MungeCredentials credentials) {
        long start = System.nanoTime();
        assertThat(answer(credentials.make(PAYLOAD, in(ofSeconds(60)))))
                .isEqualTo(new MakeAnswer.Unavailable("munge: munged does not answer"));
        assertThat(answer(credentials.verify(new Token("MUNGE:AAAA:"), in(ofSeconds(60)))))
                .isEqualTo(new VerifyAnswer.Unavailable("munge: munged does not answer"));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(ofSeconds(1));
    }

    private static void assertWorksWithin(Duration atMost, MungeCredentials credentials) {
        await().atMost(atMost).until(() -> answer(credentials.make(PAYLOAD, in(ofSeconds(2)))) instanceof Made);
    }

    private static Deadline in(Duration budget) {
        return Deadline.in(budget, CLOCK);
    }

    private static Token made(Bytes payload) {
        return ((Made) answer(credentials.make(payload, in(ofSeconds(10))))).credential();
    }

    private static VerifyAnswer verify(MungeCredentials credentials, Token token) {
        return answer(credentials.verify(token, in(ofSeconds(10))));
    }

    private static <A> A answer(Mono<A> asked) {
        return asked.blockOptional().orElseThrow();
    }

    private static Refusal refusal(VerifyAnswer answer) {
        return ((Refused) answer).refusal();
    }

    private static Bytes payloadOf(VerifyAnswer answer) {
        return ((VerifyAnswer.Verified) answer).credential().payload();
    }

    private static long id(String which) throws IOException {
        return Integer.toUnsignedLong((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:" + which));
    }
}
