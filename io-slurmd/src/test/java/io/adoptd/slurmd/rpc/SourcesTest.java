package io.adoptd.slurmd.rpc;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.rpc.Outcome.Sign;
import io.adoptd.slurmd.rpc.Sources.Limits;
import io.adoptd.slurmd.rpc.Sources.Patience;
import io.adoptd.slurmd.rpc.Sources.SilentSource;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** In virtual time, with slurmds that do what the test says. */
class SourcesTest {

    private static final Duration CONNECT = Limits.DEFAULT.patience().connect();
    private static final Duration ANSWER = Limits.DEFAULT.patience().answer();
    private static final Duration SLICE = CONNECT.plus(ANSWER);
    private static final InetSocketAddress A = at(1);
    private static final InetSocketAddress B = at(2);
    private static final CalleridAnswer JOB = new SourceJob(new JobId(7));

    private final Timers timers = new Timers();
    private final LoginClock clock = timers.clock();
    private Sources sources = new Sources(Limits.DEFAULT, clock);

    // Silence

    @Test
    void whoAnswersIsAskedEachTime() {
        var slurmd = new Slurmd(A);
        for (int i = 1; i <= 3; i++) {
            var login = ask(slurmd);
            slurmd.last().reach().answers(JOB);
            assertThat(login).isCompletedWithValue(JOB);
            assertThat(slurmd.asked()).isEqualTo(i);
        }
        assertThat(sources.silent()).isEmpty();
        assertThat(timers.open()).as("timers").isZero();
    }

    @Test
    void aSilentOneCostsOneLoginItsSliceAndTheNextNothing() {
        var slurmd = new Slurmd(A);
        var first = ask(slurmd);
        timers.advanceBy(SLICE);
        slurmd.last().isSilent("no connection in time");
        assertThat(first).isCompletedWithValue(new NoAnswer(Failure.TIMED_OUT, "no connection in time"));
        timers.advanceBy(ofSeconds(3));
        assertThat(ask(slurmd))
                .isCompletedWithValue(new NoAnswer(Failure.TIMED_OUT, "remembered: no connection in time, 3 s ago"));
        assertThat(slurmd.asked()).isEqualTo(1);
    }

    @Test
    void anotherPortOfTheSameHostIsAnotherSlurmd() {
        silence(new Slurmd(A));
        var other = new Slurmd(new InetSocketAddress(A.getAddress(), 7001));
        comesFrom(other);
        assertThat(other.asked()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "TIMED_OUT")
    void onlySilenceIsRemembered(Failure failure) {
        var slurmd = new Slurmd(A);
        for (Sign sign : List.of(Sign.ALIVE, Sign.NONE)) {
            comesFrom(slurmd);
            slurmd.last().ends(new NoAnswer(failure, "why"), sign);
        }
        assertThat(sources.silent()).isEmpty();
        assertThat(slurmd.asked()).isEqualTo(2);
    }

    @Test
    void whoHadLessThanNearlyAllOfABudgetIsNotCalledSilent() {
        assertThat(Patience.isUsedUp(ANSWER, ofMillis(4_499))).isFalse();
        assertThat(Patience.isUsedUp(ANSWER, ofMillis(4_500))).isTrue();
        assertThat(Patience.isUsedUp(CONNECT, ofMillis(719))).isFalse();
        assertThat(Patience.isUsedUp(CONNECT, ofMillis(720))).isTrue();
    }

    @Test
    void whoAnsweredAnotherMeanwhileIsSlowAndNotSilent() {
        var slurmd = new Slurmd(A);
        var first = ask(slurmd);
        slurmd.last().reach();
        var second = ask(slurmd);
        timers.advanceBy(ofSeconds(4));
        slurmd.talks.get(1).answers(JOB);
        timers.advanceBy(ofSeconds(1));
        slurmd.talks.get(0).isSilent("no answer in time");
        assertThat(first).isCompletedWithValue(new NoAnswer(Failure.TIMED_OUT, "no answer in time"));
        assertThat(second).isCompletedWithValue(JOB);
        assertThat(sources.silent()).isEmpty();
    }

    @Test
    void whoHasAnsweredOnlyBeforeIsSilent() {
        var slurmd = new Slurmd(A);
        var first = ask(slurmd);
        slurmd.last().reach();
        timers.advanceBy(ofSeconds(1));
        var second = ask(slurmd);
        timers.advanceBy(ofMillis(1));
        slurmd.talks.get(0).answers(JOB);
        comesFrom(slurmd);
        timers.advanceBy(ofMillis(1));
        comesFrom(slurmd);
        timers.advanceBy(ANSWER);
        slurmd.talks.get(3).isSilent("no answer in time");
        assertThat(first).isCompletedWithValue(JOB);
        assertThat(second).isNotDone();
        assertThat(sources.silent()).hasSize(1);
    }

    /** Each login has its answer, and none is told of a silence that there is not. */
    @Test
    void oneThatTakesSecondsForEachIsNeverCalledSilent() {
        var slurmd = new Slurmd(A);
        for (int seconds = 1; seconds <= 4; seconds++) {
            var login = ask(slurmd);
            slurmd.last().reach();
            timers.advanceBy(ofSeconds(seconds));
            slurmd.last().answers(JOB);
            assertThat(login).isCompletedWithValue(JOB);
        }
        assertThat(sources.silent()).isEmpty();
        assertThat(timers.open()).as("timers").isZero();
    }

    @Test
    void aSilentOneThatAnswersAProbeSlowlyIsForgotten() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        timers.advanceBy(ofSeconds(10));
        slurmd.last().reach();
        timers.advanceBy(ofSeconds(4));
        slurmd.last().answers(JOB);
        assertThat(sources.silent()).isEmpty();
    }

    @Test
    void aSilentOneIsAskedAgainAfterPausesThatDouble() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        var pauses = new ArrayList<Long>();
        for (int i = 0; i < 8; i++) {
            long before = clock.now();
            int asked = slurmd.asked();
            timers.advanceBy(nextProbe().minusNanos(1));
            assertThat(slurmd.asked()).isEqualTo(asked);
            timers.advanceBy(ofMillis(1));
            assertThat(slurmd.asked()).isEqualTo(asked + 1);
            pauses.add(Duration.ofNanos(clock.now() - before).toSeconds());
            timers.advanceBy(SLICE);
            slurmd.last().isSilent("no answer in time");
            comesFrom(slurmd); // somebody cares
        }
        assertThat(pauses).containsExactly(10L, 20L, 40L, 80L, 160L, 300L, 300L, 300L);
        assertThat(sources.silent()).singleElement().satisfies(silent -> {
            assertThat(silent.probes()).isEqualTo(8);
            assertThat(silent.spared()).isEqualTo(8);
        });
    }

    @Test
    void itIsAskedAgainWithTheLatestQuestionAndALoginsPatience() {
        silence(new Slurmd(A));
        var latest = new Slurmd(A);
        comesFrom(latest);
        timers.advanceBy(ofSeconds(10));
        assertThat(latest.asked()).isEqualTo(1);
        assertThat(latest.last().deadline.remaining()).isEqualTo(SLICE);
    }

    @Test
    void asSoonAsItAnswersItIsForgotten() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        timers.advanceBy(ofSeconds(10));
        slurmd.last().reach().answers(new Indeterminate());
        assertThat(sources.silent()).isEmpty();
        assertThat(timers.open()).as("timers").isZero();
        var login = ask(slurmd);
        slurmd.last().answers(JOB);
        assertThat(login).isCompletedWithValue(JOB);
    }

    @Test
    void soItIsWhenItAnswersOneThatStillWaited() {
        var slurmd = new Slurmd(A);
        comesFrom(slurmd);
        slurmd.last().reach();
        comesFrom(slurmd);
        timers.advanceBy(SLICE);
        slurmd.talks.get(0).isSilent("no answer in time");
        assertThat(sources.silent()).hasSize(1);
        slurmd.talks.get(1).answers(JOB);
        assertThat(sources.silent()).isEmpty();
    }

    @Test
    void aProbeThatTellsNothingIsRepeatedAfterTheSamePause() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        timers.advanceBy(ofSeconds(10));
        slurmd.last().ends(new NoAnswer(Failure.NO_CREDENTIALS, "munge"), Sign.NONE);
        assertThat(nextProbe()).isEqualTo(ofSeconds(10));
    }

    @Test
    void aProbeThatFailsByABugOfOursIsOver() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        timers.advanceBy(ofSeconds(10));
        slurmd.last().fails();
        assertThat(nextProbe()).isEqualTo(ofSeconds(10));
        timers.advanceBy(ofSeconds(10));
        assertThat(slurmd.asked()).isEqualTo(3);
    }

    @Test
    void neverMoreThanOneProbeOfOneAndSoManyInAll() {
        sources = new Sources(limits(16, 512, 64, 64), clock);
        var slurmds = IntStream.range(1, 21).mapToObj(i -> new Slurmd(at(i))).toList();
        slurmds.forEach(this::silence);
        timers.advanceBy(ofMinutes(10));
        assertThat(slurmds.stream().mapToInt(Slurmd::probesOpen).sum()).isEqualTo(Limits.DEFAULT.probes());
        assertThat(slurmds).allMatch(slurmd -> slurmd.probesOpen() <= 1);
        slurmds.stream()
                .filter(slurmd -> slurmd.probesOpen() == 1)
                .toList()
                .forEach(slurmd -> slurmd.last().answers(JOB));
        timers.advanceBy(ofMillis(1));
        assertThat(slurmds.stream().mapToInt(Slurmd::probesOpen).sum()).isEqualTo(Limits.DEFAULT.probes());
    }

    @Test
    void whereNobodyComesFromAnyMoreNobodyIsAskedAgain() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        for (int i = 0; i < 20; i++) {
            timers.advanceBy(ofMinutes(5));
            if (slurmd.probesOpen() > 0) {
                slurmd.last().isSilent("no answer in time");
            }
        }
        assertThat(slurmd.asked()).isBetween(6, 14);
        assertThat(sources.silent()).isEmpty();
        assertThat(timers.open()).as("timers").isZero();
    }

    @Test
    void soManyAreRememberedAndTheOneThatWasAskedForLongestAgoGoesFirst() {
        sources = new Sources(limits(16, 512, 64, 3), clock);
        for (int i = 1; i <= 3; i++) {
            silence(new Slurmd(at(i)));
        }
        comesFrom(new Slurmd(at(1)));
        silence(new Slurmd(at(4)));
        assertThat(sources.silent().stream().map(SilentSource::address))
                .containsExactly(at(3).getAddress(), at(1).getAddress(), at(4).getAddress());
    }

    @Test
    void theyAreTold() {
        silence(new Slurmd(A));
        timers.advanceBy(ofSeconds(4));
        comesFrom(new Slurmd(A));
        assertThat(sources.silent())
                .containsExactly(
                        new SilentSource(A.getAddress(), 6818, "no answer in time", ofSeconds(4), ofSeconds(6), 0, 1));
        timers.advanceBy(ofSeconds(6));
        assertThat(nextProbe()).as("while it is being asked").isZero();
    }

    @Test
    void oneIsForgottenOrAll() {
        for (var slurmd : List.of(A, B, new InetSocketAddress(A.getAddress(), 7001), at(3))) {
            silence(new Slurmd(slurmd));
        }
        assertThat(sources.forget(A.getAddress())).isEqualTo(2);
        assertThat(sources.forget(A.getAddress())).isZero();
        assertThat(sources.silent().stream().map(SilentSource::address))
                .containsExactly(B.getAddress(), at(3).getAddress());
        assertThat(sources.forgetAll()).isEqualTo(2);
        assertThat(timers.open()).as("timers").isZero();
        var again = new Slurmd(A);
        comesFrom(again);
        assertThat(again.asked()).isEqualTo(1);
    }

    @Test
    void otherLimitsLeaveWhatIsKnown() {
        silence(new Slurmd(A));
        var other = new Patience(ofSeconds(1), ofSeconds(4));
        sources.adjust(limits(1, 512, 64, 1).withPatience(other));
        assertThat(ask(new Slurmd(A))).isCompleted();
        assertThat(sources.patience()).isEqualTo(other);
        silence(new Slurmd(B));
        assertThat(sources.silent().stream().map(SilentSource::address)).containsExactly(B.getAddress());
    }

    @Test
    void aProbeOfOneThatWasForgottenChangesNothing() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        timers.advanceBy(ofSeconds(10));
        sources.forgetAll();
        slurmd.last().isSilent("no answer in time");
        assertThat(sources.silent()).isEmpty();
        assertThat(timers.open()).as("timers").isZero();
    }

    @Test
    void onceClosedNobodyIsAskedAgain() {
        var slurmd = new Slurmd(A);
        silence(slurmd);
        sources.close();
        timers.advanceBy(ofMinutes(60));
        assertThat(slurmd.asked()).isEqualTo(1);
        assertThat(timers.open()).as("timers").isZero();
    }

    // Storms

    @Test
    void manyAtOnceFromADroppingSourceOpenOneConnectionAndShareItsFate() {
        var slurmd = new Slurmd(A);
        var logins = IntStream.range(0, 500).mapToObj(i -> ask(slurmd)).toList();
        assertThat(slurmd.asked()).isEqualTo(1);
        timers.advanceBy(CONNECT.minusMillis(1));
        assertThat(logins).noneMatch(CompletableFuture::isDone);
        slurmd.last().isSilent("no connection in time");
        assertThat(logins).allMatch(CompletableFuture::isDone);
        assertThat(logins.stream().skip(1))
                .allMatch(login -> login.join()
                        .equals(new NoAnswer(Failure.TIMED_OUT, "remembered: no connection in time, 0 s ago")));
        assertThat(slurmd.asked()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "UNREACHABLE"})
    void whereNobodyIsThereTheyShareThatToo(Failure failure) {
        var slurmd = new Slurmd(A);
        var logins = IntStream.range(0, 500).mapToObj(i -> ask(slurmd)).toList();
        var refused = new NoAnswer(failure, "why");
        slurmd.last().answers(refused);
        assertThat(logins).allMatch(login -> login.join().equals(refused));
        assertThat(slurmd.asked()).isEqualTo(1);
    }

    @Test
    void whereSomebodyIsEachAsksItsOwnButNotAllAtOnce() {
        var slurmd = new Slurmd(A);
        var logins = IntStream.range(0, 500).mapToObj(i -> ask(slurmd)).toList();
        slurmd.last().reach();
        assertThat(slurmd.open()).isEqualTo(16);
        for (int i = 0; i < 500; i++) {
            assertThat(slurmd.open()).isLessThanOrEqualTo(16);
            slurmd.talks.get(i).answers(new SourceJob(new JobId(i + 1)));
        }
        for (int i = 0; i < 500; i++) {
            assertThat(logins.get(i)).isCompletedWithValue(new SourceJob(new JobId(i + 1)));
        }
    }

    @Test
    void aConnectionThatIsTakenAndNotAnsweredStopsAllThatWait() {
        var slurmd = new Slurmd(A);
        var logins = IntStream.range(0, 500).mapToObj(i -> ask(slurmd)).toList();
        slurmd.last().reach();
        timers.advanceBy(ANSWER);
        slurmd.talks.get(0).isSilent("no answer in time");
        assertThat(logins.stream().filter(CompletableFuture::isDone)).hasSize(485);
        assertThat(slurmd.asked()).isEqualTo(16);
    }

    /** As somebody may who has a port of a host that is no node: others need not wait for that. */
    @Test
    void aSlurmdThatHoldsItsQuestionsHoldsUpNoOther() {
        var hostile = new Slurmd(A);
        IntStream.range(0, 500).forEach(i -> comesFrom(hostile));
        hostile.last().reach();
        assertThat(hostile.open()).isEqualTo(16);
        var honest = new Slurmd(B);
        var logins = IntStream.range(0, 100).mapToObj(i -> ask(honest)).toList();
        honest.last().reach();
        assertThat(honest.open()).isEqualTo(16);
        for (int i = 0; i < 100; i++) {
            honest.talks.get(i).answers(JOB);
        }
        assertThat(logins).allMatch(login -> login.join().equals(JOB));
    }

    /** At 6.7 ms each, which is what a slurmd on two cores needs, 16 of them at once. */
    @Test
    void ofAStormAllHaveTheirAnswerHoweverLongTheyWaitForTheirTurn() {
        var slurmd = new Slurmd(A);
        var logins = IntStream.range(0, 500)
                .mapToObj(i -> sources.ask(A, slurmd, aLogins()).toFuture())
                .toList();
        slurmd.last().reach();
        for (int i = 0; i < 500; i++) {
            timers.advanceBy(ofMillis(10));
            assertThat(slurmd.talks.get(i).deadline.hasPassed()).isFalse();
            slurmd.talks.get(i).answers(JOB);
        }
        assertThat(logins).allMatch(login -> login.join().equals(JOB));
    }

    @Test
    void aTurnThatComesLateLeavesTheTimeToConnectAndOneThatComesLaterIsNone() {
        sources = new Sources(limits(1, 512, 64, 64), clock);
        var slurmd = new Slurmd(A);
        sources.ask(A, slurmd, in(ofSeconds(60))).subscribe();
        Talk first = slurmd.last().reach();
        var second = sources.ask(A, slurmd, aLogins()).toFuture();
        var third = sources.ask(A, slurmd, aLogins()).toFuture();
        Duration last = ofMillis(8_000 - 1_250).minus(CONNECT);
        timers.advanceBy(last.minusMillis(1));
        first.answers(JOB);
        assertThat(slurmd.last().deadline.remaining()).isEqualTo(CONNECT.plusMillis(1));
        timers.advanceBy(ofMillis(1));
        assertThat(second).isNotDone();
        assertThat(third).isCompletedWithValue(new NoAnswer(Failure.BUSY, "no turn in time: others are asking there"));
    }

    @Test
    void noMoreThanSoManyInAll() {
        sources = new Sources(limits(4, 6, 64, 64), clock);
        var slurmds = IntStream.range(1, 11).mapToObj(i -> new Slurmd(at(i))).toList();
        var logins = slurmds.stream().map(this::ask).toList();
        assertThat(slurmds.stream().mapToInt(Slurmd::open).sum()).isEqualTo(6);
        for (int i = 0; i < 10; i++) {
            slurmds.get(i).last().reach().answers(JOB);
        }
        assertThat(logins).allMatch(login -> login.join().equals(JOB));
    }

    @Test
    void pastTheBoundOfThoseWhoWaitTheAnswerIsBusyAtOnce() {
        sources = new Sources(limits(4, 512, 10, 64), clock);
        var slurmd = new Slurmd(A);
        IntStream.range(0, 11).forEach(i -> comesFrom(slurmd));
        assertThat(ask(slurmd)).isCompletedWithValue(new NoAnswer(Failure.BUSY, "10 logins wait already"));
        var other = new Slurmd(B);
        comesFrom(other);
        assertThat(other.asked()).as("who need not wait is not busy").isEqualTo(1);
    }

    @Test
    void whoseSliceEndsBeforeItsTurnIsToldSo() {
        var slurmd = new Slurmd(A);
        comesFrom(slurmd);
        var second = ask(slurmd, ofMillis(300));
        timers.advanceBy(ofMillis(300));
        assertThat(second).isCompletedWithValue(new NoAnswer(Failure.BUSY, "no turn in time: others are asking there"));
        slurmd.last().reach();
        assertThat(slurmd.asked()).isEqualTo(1);
    }

    @Test
    void theSliceOfWhoHadToWaitIsWholeWhenItsTurnComes() {
        sources = new Sources(limits(1, 512, 64, 64), clock);
        var slurmd = new Slurmd(A);
        comesFrom(slurmd);
        Talk first = slurmd.last().reach();
        Deadline patient = in(ofMillis(1_000)).sliceInTurn(ofMillis(300), ofMillis(250));
        var second = sources.ask(A, slurmd, patient).toFuture();
        timers.advanceBy(ofMillis(400));
        assertThat(second).as("there is room for its slice").isNotDone();
        first.answers(JOB);
        assertThat(slurmd.asked()).isEqualTo(2);
        assertThat(slurmd.last().deadline.remaining()).isEqualTo(ofMillis(300));
        slurmd.last().answers(JOB);
        assertThat(second).isCompletedWithValue(JOB);
    }

    @Test
    void whenTheFirstGoesAwayTheNextOneConnects() {
        var slurmd = new Slurmd(A);
        Disposable first = sources.ask(A, slurmd, in(SLICE)).subscribe();
        var second = ask(slurmd);
        var third = ask(slurmd);
        first.dispose();
        assertThat(slurmd.asked()).isEqualTo(2);
        slurmd.last().reach();
        assertThat(slurmd.asked()).isEqualTo(3);
        slurmd.talks.get(1).answers(JOB);
        slurmd.talks.get(2).answers(JOB);
        assertThat(second).isCompletedWithValue(JOB);
        assertThat(third).isCompletedWithValue(JOB);
    }

    @Test
    void soItDoesWhenTheFirstHadNoFairTime() {
        var slurmd = new Slurmd(A);
        var first = ask(slurmd);
        var second = ask(slurmd);
        slurmd.last().ends(new NoAnswer(Failure.TIMED_OUT, "no connection in time"), Sign.NONE);
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        assertThat(slurmd.asked()).isEqualTo(2);
    }

    @Test
    void whoGoesAwayWhileWaitingLeavesItsPlace() {
        sources = new Sources(limits(4, 512, 1, 64), clock);
        var slurmd = new Slurmd(A);
        comesFrom(slurmd);
        sources.ask(A, slurmd, in(SLICE)).subscribe().dispose();
        assertThat(ask(slurmd)).isNotDone();
    }

    @Test
    void aBugOfOursStaysAnErrorAndFreesItsPlace() {
        var slurmd = new Slurmd(A);
        var first = ask(slurmd);
        var second = ask(slurmd);
        slurmd.last().fails();
        assertThat(first).isCompletedExceptionally();
        slurmd.last().reach().answers(JOB);
        assertThat(second).isCompletedWithValue(JOB);
    }

    /** With real threads: whatever meets whatever, all are answered, and nothing is held when all have left. */
    @Test
    void noPlaceIsLostWhateverHappensAtOnce() throws InterruptedException {
        var loginsClock = LoginClock.monotonic(Schedulers.parallel());
        var stormy = new Sources(limits(3, 5, 40, 64), loginsClock);
        int count = 4_000;
        var left = new CountDownLatch(count);
        var open = new AtomicInteger();
        var most = new AtomicInteger();
        var random = new Random(42);
        for (int i = 0; i < count; i++) {
            int millis = random.nextInt(3);
            boolean goesAway = random.nextInt(4) == 0;
            Sources.Question question = (deadline, reached) -> Mono.using(
                    () -> most.accumulateAndGet(open.incrementAndGet(), Math::max),
                    now -> {
                        reached.run();
                        return Mono.delay(ofMillis(millis)).map(done -> new Outcome(JOB, Sign.ALIVE));
                    },
                    now -> open.decrementAndGet());
            Deadline deadline = Deadline.in(ofMillis(1 + random.nextInt(200)), loginsClock);
            Disposable login = stormy.ask(at(1 + random.nextInt(4)), question, deadline)
                    .doFinally(end -> left.countDown())
                    .subscribe();
            if (goesAway) {
                Schedulers.parallel().schedule(login::dispose, random.nextInt(3_000), TimeUnit.MICROSECONDS);
            }
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(most).hasValueLessThanOrEqualTo(5);
        assertThat(stormy.isIdle()).isTrue();
    }

    @Test
    void limitsOfNothingAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> limits(0, 512, 64, 64));
        assertThatIllegalArgumentException().isThrownBy(() -> new Patience(Duration.ZERO, ANSWER));
        assertThatIllegalArgumentException().isThrownBy(() -> new Patience(CONNECT, Duration.ZERO));
        var patience = new Patience(ofSeconds(1), ofSeconds(2));
        assertThat(Limits.DEFAULT.withPatience(patience).patience()).isEqualTo(patience);
    }

    private CompletableFuture<CalleridAnswer> ask(Slurmd slurmd) {
        return ask(slurmd, SLICE);
    }

    private CompletableFuture<CalleridAnswer> ask(Slurmd slurmd, Duration slice) {
        return sources.ask(slurmd.address, slurmd, in(slice)).toFuture();
    }

    /** What a login with the defaults has for its source. */
    private Deadline aLogins() {
        return in(ofSeconds(8)).sliceInTurnKeeping(SLICE, ofMillis(1_250));
    }

    /** A login whose answer is of no interest. */
    private void comesFrom(Slurmd slurmd) {
        sources.ask(slurmd.address, slurmd, in(SLICE)).subscribe();
    }

    private void silence(Slurmd slurmd) {
        comesFrom(slurmd);
        slurmd.last().isSilent("no answer in time");
    }

    private Duration nextProbe() {
        return sources.silent().get(0).nextProbe();
    }

    private Deadline in(Duration slice) {
        return Deadline.in(slice, clock);
    }

    private static Limits limits(int atOne, int inAll, int waiting, int remembered) {
        Limits usual = Limits.DEFAULT;
        return new Limits(
                atOne,
                inAll,
                waiting,
                remembered,
                usual.firstPause(),
                usual.longestPause(),
                usual.unasked(),
                usual.probes(),
                usual.patience());
    }

    private static InetSocketAddress at(int host) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) host}), 6818);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** One slurmd, and all that it was asked. */
    private static final class Slurmd implements Sources.Question {

        private final InetSocketAddress address;
        private final List<Talk> talks = new ArrayList<>();

        Slurmd(InetSocketAddress address) {
            this.address = address;
        }

        @Override
        public Mono<Outcome> ask(Deadline deadline, Runnable reached) {
            return Mono.defer(() -> {
                var talk = new Talk(deadline, reached);
                talks.add(talk);
                return talk.end.asMono().doFinally(over -> talk.open = false);
            });
        }

        int asked() {
            return talks.size();
        }

        int open() {
            return (int) talks.stream().filter(talk -> talk.open).count();
        }

        /** Those after the first, which was a login's. */
        int probesOpen() {
            return (int) talks.stream().skip(1).filter(talk -> talk.open).count();
        }

        Talk last() {
            return talks.get(talks.size() - 1);
        }
    }

    /** One question that was put. */
    private static final class Talk {

        private final Deadline deadline;
        private final Runnable reached;
        private final Sinks.One<Outcome> end = Sinks.one();
        private boolean open = true;

        Talk(Deadline deadline, Runnable reached) {
            this.deadline = deadline;
            this.reached = reached;
        }

        Talk reach() {
            reached.run();
            return this;
        }

        void answers(CalleridAnswer answer) {
            ends(answer, Sign.ALIVE);
        }

        void isSilent(String why) {
            ends(new NoAnswer(Failure.TIMED_OUT, why), Sign.SILENT);
        }

        void ends(CalleridAnswer answer, Sign sign) {
            open = false;
            end.tryEmitValue(new Outcome(answer, sign));
        }

        void fails() {
            end.tryEmitError(new IllegalStateException("a bug"));
        }
    }
}
