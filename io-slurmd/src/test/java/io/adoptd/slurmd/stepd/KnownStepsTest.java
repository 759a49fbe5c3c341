package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.stepd.KnownSteps.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("NullAway") // an answer that has not come fails its test
class KnownStepsTest {

    @SuppressWarnings("UnnecessaryLambda") // the same object each time: another would be another slurm.conf
    private static final LongPredicate ANYBODY = uid -> true;

    private static final Uid ALICE = new Uid(2001);
    private static final Uid BOB = new Uid(2002);
    private static final Duration SLICE = Duration.ofMillis(450);
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir
    private Path dir = Path.of("");

    private final FakeWorld world = new FakeWorld();
    private final Inquiry.Turns turns = new Inquiry.Turns();
    private KnownSteps steps = known();

    @BeforeEach
    void begin() {
        steps = known();
        world.setClock(Duration.ofMinutes(1)); // later than the sockets of most tests
    }

    private KnownSteps known() {
        return new KnownSteps(new SpoolDirectory(dir, new NodeName("c1")), world, turns);
    }

    // Asked once

    @Test
    void aStepIsAskedOnceForAllLogins() throws Exception {
        Path socket = run(7, ALICE, 70);
        assertThat(jobs(login(ALICE))).containsExactly(7L);
        assertThat(world.asked()).containsExactly(socket);
        assertThat(jobs(login(ALICE))).containsExactly(7L);
        assertThat(jobs(login(BOB))).isEmpty();
        assertThat(world.asked()).isEmpty();
    }

    @Test
    void onlyANewStepIsAsked() throws Exception {
        run(7, ALICE, 70);
        login(BOB);
        world.asked();
        Path younger = run(8, ALICE, 80);
        assertThat(jobs(login(ALICE))).containsExactlyInAnyOrder(7L, 8L);
        assertThat(world.asked()).containsExactly(younger);
    }

    @Test
    void whatIsToldIsKept() throws Exception {
        world.started(70, 4711);
        run(7, ALICE, 70);
        login(BOB);
        ExternStep step = login(ALICE).owned().newest();
        assertThat(step.owner()).isEqualTo(ALICE);
        assertThat(step.began().stepdStartTicks()).isEqualTo(4711);
        assertThat(steps.of(step))
                .hasValueSatisfying(met -> assertThat(met.pid()).isEqualTo(70));
        assertThat(steps.of(step))
                .hasValueSatisfying(met -> assertThat(met.partner().socket()).isEqualTo(socket(7)));
    }

    @Test
    void loginsThatComeTogetherAskTogether() throws Exception {
        Path socket = FakeWorld.socketFile(socket(7));
        AtomicReference<Answer> alice = begin(ALICE, SLICE);
        AtomicReference<Answer> bob = begin(BOB, SLICE);
        assertThat(world.asked()).containsExactly(socket);
        world.runs(socket, ALICE, 70);
        assertThat(jobs(alice.get())).containsExactly(7L);
        assertThat(jobs(bob.get())).isEmpty();
    }

    @Test
    void whatChangesAtTheLastMomentIsSeen() throws Exception {
        world.setClock(Duration.ZERO);
        for (long job = 1; job <= 50; job++) {
            login(ALICE);
            run(job, ALICE, 70);
            assertThat(jobs(login(ALICE))).contains(job);
            Files.delete(socket(job));
            assertThat(jobs(login(ALICE))).doesNotContain(job);
        }
    }

    // True as long as socket and process are the same

    @Test
    void aStepWhoseSocketIsGoneIsForgotten() throws Exception {
        Files.delete(run(6, ALICE, 60));
        Path socket = run(7, ALICE, 70);
        ExternStep step = login(ALICE).owned().newest();
        Files.delete(socket);
        assertThat(login(ALICE)).isEqualTo(new Answer(new OwnedSteps(List.of(), 0), false));
        assertThat(steps.of(step)).isEmpty();
        assertThat(steps.inquiries()).isEmpty();
    }

    @Test
    void aSocketThatWasMadeAnewIsAnotherStep() throws Exception {
        Path socket = run(7, ALICE, 70);
        login(ALICE);
        FakeWorld.makeAnew(socket);
        world.runs(socket, BOB, 71);
        assertThat(jobs(login(ALICE))).isEmpty();
        assertThat(jobs(login(BOB))).containsExactly(7L);
    }

    @Test
    void aStepWhoseSlurmstepdWasKilledIsOver() throws Exception {
        Path socket = run(7, ALICE, 70);
        login(ALICE);
        world.asked();
        world.started(70, 0);
        world.fails(socket, StepdFault.ABSENT);
        assertThat(login(ALICE)).isEqualTo(new Answer(new OwnedSteps(List.of(), 0), false));
        assertThat(world.asked()).containsExactly(socket);
    }

    @Test
    void anotherProcessOfTheSamePidIsAskedAgain() throws Exception {
        Path socket = run(7, ALICE, 70);
        login(ALICE);
        world.started(70, 99);
        world.runs(socket, BOB, 70);
        assertThat(jobs(login(ALICE))).isEmpty();
        assertThat(jobs(login(BOB))).containsExactly(7L);
    }

    @Test
    void aStepOfUnknownAgeIsNotBelievedTwice() throws Exception {
        world.started(70, 0);
        Path socket = run(7, ALICE, 70);
        assertThat(jobs(login(ALICE))).containsExactly(7L);
        assertThat(jobs(login(ALICE))).containsExactly(7L);
        assertThat(world.asked()).containsExactly(socket, socket);
    }

    // Silence

    @Test
    void aSilentSlurmstepdCostsOneSliceOnce() throws Exception {
        FakeWorld.socketFile(socket(6));
        run(7, ALICE, 70);
        AtomicReference<Answer> first = begin(ALICE, SLICE);
        world.pass(SLICE.minusMillis(1));
        assertThat(first).hasNullValue();
        world.pass(Duration.ofMillis(1));
        assertThat(first.get().owned().silent()).isEqualTo(1);
        assertThat(jobs(first.get())).containsExactly(7L);
        assertThat(login(ALICE)).isEqualTo(first.get());
    }

    @Test
    void theUserOfASilentSlurmstepdIsToldSoAtOnce() throws Exception {
        silent(6);
        Answer answer = login(ALICE);
        assertThat(answer.owned().steps()).isEmpty();
        assertThat(answer.owned().silent()).isEqualTo(1);
        assertThat(answer.mayBeBeginning()).isFalse();
    }

    @Test
    void whoWakesIsKnownAtOnceThoughNobodyLogsIn() throws Exception {
        Path socket = silent(6);
        for (Duration pause : List.of(Duration.ofMillis(10), Duration.ofSeconds(5), LONG)) {
            world.pass(pause);
            world.runs(socket, ALICE, 60);
            assertThat(jobs(login(ALICE))).containsExactly(6L);
            FakeWorld.makeAnew(socket);
            world.silences(socket);
            silent(6);
        }
    }

    @Test
    void aSilentOneIsAskedEverMoreRarely() throws Exception {
        Path socket = silent(6);
        world.asked();
        List<Duration> when = new ArrayList<>();
        for (Duration at = SLICE; at.compareTo(Duration.ofMinutes(6)) < 0; at = at.plusMillis(50)) {
            world.pass(Duration.ofMillis(50));
            world.asked().forEach(path -> when.add(Duration.ofNanos(world.nanos())));
        }
        assertThat(when.stream().map(Duration::toSeconds))
                .containsExactly(1L, 3L, 7L, 15L, 31L, 63L, 123L, 183L, 243L, 303L);
        assertThat(world.talking()).isEqualTo(1);
        assertThat(steps.inquiries())
                .singleElement()
                .satisfies(one -> assertThat(one.socket().path()).isEqualTo(socket));
    }

    @Test
    void aLoginWithoutTimeMakesNobodySilent() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        AtomicReference<Answer> hasty = begin(ALICE, Duration.ofMillis(50));
        world.pass(Duration.ofMillis(50));
        assertThat(hasty.get().owned().silent()).isEqualTo(1);
        AtomicReference<Answer> patient = begin(ALICE, SLICE);
        assertThat(patient).hasNullValue();
        world.runs(socket, ALICE, 60);
        assertThat(jobs(patient.get())).containsExactly(6L);
    }

    @Test
    void whoeverHasNotHadItsTurnIsNotSilent() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.crowds();
        AtomicReference<Answer> impatient = begin(ALICE, SLICE);
        world.pass(SLICE);
        assertThat(impatient.get().owned().silent()).as("it may be anyone's").isEqualTo(1);
        assertThat(steps.inquiries().flatMap(inquiry -> inquiry.silence().stream()))
                .isEmpty();
        AtomicReference<Answer> next = begin(ALICE, SLICE);
        assertThat(next).as("it is waited for").hasNullValue();
        world.runs(socket, ALICE, 60);
        assertThat(jobs(next.get())).containsExactly(6L);
    }

    @Test
    void aKnownStepIsKnownThoughItsSlurmstepdIsSilentLater() throws Exception {
        world.silences(run(7, ALICE, 70));
        world.runs(socket(7), ALICE, 70);
        login(ALICE);
        world.silences(socket(7));
        world.pass(LONG);
        assertThat(login(ALICE).owned().silent()).isZero();
        assertThat(jobs(login(ALICE))).containsExactly(7L);
    }

    @Test
    void whoDoesNotAdoptIsAskedUntilItIsHeardAndItsStepIsKnownMeanwhile() throws Exception {
        Path socket = run(7, ALICE, 70);
        Inquiry inquiry = steps.of(login(ALICE).owned().newest()).orElseThrow().inquiry();
        world.silences(socket);
        world.asked();
        inquiry.suspect(0);
        inquiry.suspect(0);
        assertThat(world.asked()).containsExactly(socket);
        assertThat(inquiry.isSuspect()).isTrue();
        assertThat(inquiry.isDeaf()).isFalse();
        world.pass(Inquiry.SUSPICION);
        assertThat(inquiry.isSuspect()).isFalse();
        for (Duration pause : List.of(Duration.ofMillis(10), Duration.ofSeconds(5), LONG)) {
            world.pass(pause);
            assertThat(inquiry.isDeaf()).isTrue();
            assertThat(inquiry.silence()).isPresent();
            assertThat(jobs(login(ALICE))).containsExactly(7L);
            assertThat(world.talking()).isEqualTo(1);
        }
        world.runs(socket, ALICE, 70);
        assertThat(inquiry.isDeaf()).isFalse();
        assertThat(inquiry.silence()).isEmpty();
        world.asked();
        world.pass(LONG);
        assertThat(world.asked()).isEmpty();
    }

    @Test
    void whoDidNotAdoptInTimeAndAnswersWhatItIsAskedThenIsToldToAdoptAgain() throws Exception {
        Path socket = run(7, ALICE, 70);
        Inquiry inquiry = steps.of(login(ALICE).owned().newest()).orElseThrow().inquiry();
        inquiry.suspect(0);
        assertThat(inquiry.isSuspect()).as("its answer is here at once").isFalse();
        world.pass(Inquiry.SUSPICION);
        assertThat(inquiry.isDeaf()).isFalse();
        world.silences(socket);
        inquiry.suspect(0);
        world.pass(Duration.ofMillis(10));
        inquiry.answersAdoptions();
        world.pass(Inquiry.SUSPICION);
        assertThat(inquiry.isSuspect()).isFalse();
        assertThat(inquiry.isDeaf()).as("it has adopted another meanwhile").isFalse();
    }

    @Test
    void whatCannotBeReadCountsAsSilentAndIsAskedAgain() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.UNREADABLE);
        assertThat(login(ALICE).owned().silent()).isEqualTo(1);
        world.pass(Duration.ofMillis(990));
        assertThat(world.asked()).hasSize(1);
        world.pass(Duration.ofMillis(20));
        assertThat(world.asked()).hasSize(1);
        world.runs(socket, ALICE, 60);
        world.pass(Duration.ofSeconds(2));
        assertThat(login(ALICE).owned().silent()).isZero();
    }

    @Test
    void whatWeCouldNotAskIsAskedByTheNextLogin() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.UNASKED);
        assertThat(login(ALICE).owned().silent()).isEqualTo(1);
        world.runs(socket, ALICE, 60);
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    @Test
    void aCrowdOfSilentOnesIsHeardInTurn() throws Exception {
        for (long job = 1; job <= 200; job++) {
            FakeWorld.socketFile(socket(job));
        }
        AtomicReference<Answer> answer = begin(ALICE, SLICE);
        world.pass(SLICE);
        assertThat(answer.get().owned().silent()).isEqualTo(200);
        assertThat(world.talking()).isEqualTo(Inquiry.Turns.AT_ONCE);
        world.asked();
        world.pass(Duration.ofSeconds(60));
        assertThat(world.talking()).isEqualTo(Inquiry.Turns.AT_ONCE);
        assertThat(Set.copyOf(world.asked())).hasSize(200); // each of them, some more than once
    }

    @Test
    void whoeverVanishesMakesRoomInTheCrowd() throws Exception {
        for (long job = 1; job <= 100; job++) {
            FakeWorld.socketFile(socket(job));
        }
        begin(ALICE, SLICE);
        world.pass(SLICE);
        for (long job = 1; job <= 100; job++) {
            Files.delete(socket(job));
        }
        assertThat(login(ALICE).owned().silent()).isZero();
        assertThat(world.talking()).isZero();
        world.asked();
        world.pass(LONG);
        assertThat(world.asked()).isEmpty();
    }

    @Test
    void silentOnesAreReported() throws Exception {
        Path socket = silent(6);
        assertThat(steps.inquiries().flatMap(inquiry -> inquiry.silence().stream()))
                .singleElement()
                .satisfies(one -> assertThat(one.socket()).isEqualTo(socket))
                .satisfies(one -> assertThat(one.since()).isEqualTo(world.now()))
                .satisfies(one -> assertThat(one.why()).isEqualTo("it did not answer in a login's time"));
    }

    // Where nobody listens

    @Test
    void whereNobodyListensNoStepIs() throws Exception {
        world.fails(FakeWorld.socketFile(socket(6)), StepdFault.ABSENT);
        assertThat(login(ALICE)).isEqualTo(new Answer(new OwnedSteps(List.of(), 0), false));
    }

    @Test
    void aStaleSocketIsAskedThreeTimesAndNeverAgain() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.ABSENT);
        login(ALICE);
        world.pass(Duration.ofSeconds(10));
        assertThat(world.asked()).containsExactly(socket, socket, socket);
        login(ALICE);
        world.pass(LONG);
        login(ALICE);
        assertThat(world.asked()).isEmpty();
    }

    @Test
    void aStaleSocketThatIsMadeAnewIsAsked() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.ABSENT);
        login(ALICE);
        world.pass(LONG);
        FakeWorld.makeAnew(socket);
        world.runs(socket, ALICE, 60);
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    @Test
    void whoHangsUpIsAskedOnAndOn() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.GONE);
        assertThat(login(ALICE).owned().silent()).isZero();
        world.pass(LONG);
        assertThat(world.asked()).hasSizeGreaterThan(60);
        world.runs(socket, ALICE, 60);
        world.pass(Duration.ofSeconds(60));
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    @ParameterizedTest
    @EnumSource(
            value = StepdFault.class,
            names = {"GONE", "UNREADABLE"})
    void aLoginInVainHasItAskedAtOnce(StepdFault fault) throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, fault);
        login(ALICE);
        world.pass(Duration.ofMinutes(10));
        world.asked();
        world.runs(socket, ALICE, 60);
        assertThat(jobs(login(ALICE))).isEmpty();
        assertThat(jobs(login(ALICE))).containsExactly(6L);
        assertThat(world.asked()).containsExactly(socket);
    }

    @Test
    void loginsInVainHasteOnceASecond() throws Exception {
        world.fails(FakeWorld.socketFile(socket(6)), StepdFault.UNREADABLE);
        login(ALICE);
        world.pass(Duration.ofMinutes(10));
        world.asked();
        for (int n = 0; n < 100; n++) {
            login(ALICE);
            world.pass(Duration.ofMillis(50));
        }
        assertThat(world.asked()).hasSizeBetween(4, 6);
    }

    @Test
    void whoIsNotTrustedIsNoStepUntilTheyAre() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.UNTRUSTED);
        assertThat(login(ALICE)).isEqualTo(new Answer(new OwnedSteps(List.of(), 0), false));
        world.runs(socket, ALICE, 60);
        steps.look(ALICE, uid -> uid < 1000);
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    // Just starting

    @Test
    void whereNobodyListensYetIsAskedAgainByEachLogin() throws Exception {
        world.setClock(Duration.ZERO);
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.ABSENT);
        for (int n = 0; n < 20; n++) {
            Answer answer = login(ALICE);
            assertThat(answer.owned().silent()).isZero();
            assertThat(answer.mayBeBeginning()).isTrue();
        }
        assertThat(world.asked()).hasSize(20);
        world.runs(socket, ALICE, 60);
        assertThat(login(ALICE).mayBeBeginning()).isFalse();
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    @Test
    void impatienceDoesNotMakeASocketStale() throws Exception {
        world.setClock(Duration.ZERO);
        Path socket = FakeWorld.socketFile(socket(6));
        world.fails(socket, StepdFault.ABSENT);
        for (int n = 0; n < 20; n++) {
            login(ALICE);
        }
        world.setClock(LONG); // by which the socket is no longer young
        world.runs(socket, ALICE, 60);
        world.pass(Duration.ofSeconds(1));
        assertThat(jobs(login(ALICE))).containsExactly(6L);
    }

    @Test
    void aStepThatIsNotSetUpIsAskedAgainByItsUsersLogins() throws Exception {
        Path socket = FakeWorld.socketFile(socket(6));
        world.starts(socket, ALICE, 60);
        assertThat(login(BOB).mayBeBeginning()).isFalse();
        world.asked();
        assertThat(login(BOB).mayBeBeginning()).isFalse();
        assertThat(world.asked()).isEmpty();
        assertThat(login(ALICE).mayBeBeginning()).isTrue();
        assertThat(jobs(login(ALICE))).containsExactly(6L);
        assertThat(world.asked()).containsExactly(socket, socket);
        world.runs(socket, ALICE, 60);
        assertThat(login(ALICE).mayBeBeginning()).isFalse();
        world.asked();
        login(ALICE);
        assertThat(world.asked()).isEmpty();
    }

    @Test
    void whoHasAStepThatIsSetUpWaitsForNoOther() throws Exception {
        world.setClock(Duration.ZERO);
        run(7, ALICE, 70);
        world.fails(FakeWorld.socketFile(socket(6)), StepdFault.ABSENT);
        world.starts(FakeWorld.socketFile(socket(8)), ALICE, 80);
        assertThat(login(ALICE).mayBeBeginning()).isFalse();
    }

    // Forgetting

    @Test
    void whatIsForgottenIsAskedAnew() throws Exception {
        Path known = run(7, ALICE, 70);
        Path silent = silent(6);
        world.asked();
        steps.forget();
        assertThat(steps.inquiries()).isEmpty();
        assertThat(world.talking()).isZero();
        world.runs(silent, BOB, 60);
        assertThat(login(ALICE).owned().silent()).isZero();
        assertThat(world.asked()).containsExactlyInAnyOrder(known, silent);
    }

    @Test
    void aLoginUnderWayDoesNotForget() throws Exception {
        run(7, ALICE, 70);
        login(ALICE);
        KnownSteps.Sight sight = steps.look(ALICE, ANYBODY);
        steps.forget();
        var answer = new AtomicReference<Answer>();
        sight.of(ALICE, world.in(SLICE)).subscribe(answer::set);
        assertThat(jobs(answer.get())).containsExactly(7L);
    }

    private Path socket(long job) {
        return dir.resolve("c1_" + job + ".4294967292");
    }

    private Path run(long job, Uid owner, int pid) throws IOException {
        Path socket = FakeWorld.socketFile(socket(job));
        world.runs(socket, owner, pid);
        return socket;
    }

    /** One that a login has waited for in vain. */
    private Path silent(long job) throws Exception {
        Path socket = Files.exists(socket(job)) ? socket(job) : FakeWorld.socketFile(socket(job));
        begin(BOB, SLICE);
        world.pass(SLICE);
        return socket;
    }

    /** One that needs no time. */
    private Answer login(Uid user) throws NodeFaultException {
        return begin(user, SLICE).get();
    }

    private AtomicReference<Answer> begin(Uid user, Duration slice) throws NodeFaultException {
        var answer = new AtomicReference<Answer>();
        steps.look(user, ANYBODY).of(user, world.in(slice)).subscribe(answer::set);
        return answer;
    }

    private static List<Long> jobs(Answer answer) {
        return answer.owned().steps().stream()
                .map(ExternStep::job)
                .map(JobId::value)
                .toList();
    }
}
