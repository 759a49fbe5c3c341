package io.adoptd.pipeline;

import static io.adoptd.pipeline.Samples.STRICT;
import static io.adoptd.pipeline.Samples.USUAL;
import static io.adoptd.pipeline.Samples.login;
import static io.adoptd.pipeline.Samples.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.Decision;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Namespace;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.model.Stage;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Verdict;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class LoginPipelineTest {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final LoginClock clock = LoginClock.of(time);
    private final FakeNode node = new FakeNode();
    private final Luggage luggage = new Luggage();

    @Test
    void theOnlyJobIsJoinedWithoutAskingTheSource() {
        node.runs(step(7, 1));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.decision()).isEqualTo(Decision.ADOPTED);
        assertThat(verdict.reason()).isEqualTo(Reason.ONLY_JOB);
        assertThat(verdict.environment()).containsExactlyEntriesOf(Map.of("SLURM_JOB_ID", "7"));
        assertThat(node.asked).containsExactly("steps", "adopt 7", "membership 7");
    }

    @Test
    void aUserWithoutJobsIsToldSo() {
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
        assertThat(verdict.message()).isEqualTo("Access denied by adoptd: you have no active jobs on this node");
        assertThat(node.asked).containsExactly("steps");
    }

    @Test
    void noJobsIsIgnoredWhereTheLineSaysSo() {
        assertThat(decided(login(loose())).decision()).isEqualTo(Decision.IGNORED);
    }

    @Test
    void aSilentStepdIsNotTakenForNoJobs() {
        node.runs(new OwnedSteps(List.of(), 2));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
        assertThat(verdict.reason()).isEqualTo(Reason.NO_JOBS_KNOWN);
        assertThat(verdict.message()).contains("2 job steps did not answer");
    }

    @Test
    void aNodeAtFaultIsNeverNoJobs() {
        node.steps(Mono.just(new StepsAnswer.NodeFault(Reason.SPOOL_UNREADABLE, "/var/spool/slurmd: EACCES")));
        assertThat(decided(login(loose())).decision()).isEqualTo(Decision.ALLOWED);
        Verdict strict = decided(login(STRICT));
        assertThat(strict.decision()).isEqualTo(Decision.DENIED);
        assertThat(strict.reason()).isEqualTo(Reason.SPOOL_UNREADABLE);
        assertThat(strict.message()).contains("spool_unreadable");
    }

    @Test
    void ofSeveralJobsTheOneThatTheSourceNamesIsJoined() {
        node.runs(step(7, 1), step(8, 2)).sourceJob(7);
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.reason()).isEqualTo(Reason.SOURCE_JOB);
        assertThat(verdict.job()).isEqualTo(new JobId(7));
    }

    @Test
    void aJobThatIsNotThisUsersHereIsNeverJoined() {
        node.runs(step(7, 1), step(8, 2)).sourceJob(666);
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.reason()).isEqualTo(Reason.NEWEST_JOB);
        assertThat(verdict.job()).isEqualTo(new JobId(8));
        assertThat(node.asked).doesNotContain("adopt 666");
    }

    @ParameterizedTest
    @EnumSource(CalleridAnswer.Failure.class)
    void withoutAnAnswerTheNewestJobIsJoined(CalleridAnswer.Failure failure) {
        node.runs(step(7, 2), step(8, 1)).callerid(Mono.just(new CalleridAnswer.NoAnswer(failure, "")));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.reason()).isEqualTo(Reason.NEWEST_JOB);
        assertThat(verdict.job()).isEqualTo(new JobId(7));
    }

    @Test
    void anUnknownSourceIsDeniedWhereTheLineSaysSo() {
        node.runs(step(7, 1), step(8, 2));
        Verdict verdict = decided(login(STRICT));
        assertThat(verdict.reason()).isEqualTo(Reason.SOURCE_UNKNOWN);
        assertThat(verdict.message())
                .isEqualTo("Access denied by adoptd: unable to determine source job among your 2 jobs on this node");
        assertThat(node.asked).containsExactly("steps", "callerid");
    }

    @Test
    void anUnknownSourceIsLetInOutsideAnyJobWhereTheLineSaysSo() {
        node.runs(step(7, 1), step(8, 2));
        assertThat(decided(login(loose())).decision()).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void aLoginWithoutAConnectionAsksNoSource() {
        node.runs(step(7, 1), step(8, 2)).sourceJob(7);
        Verdict verdict = decided(login(USUAL, null));
        assertThat(verdict.reason()).isEqualTo(Reason.NEWEST_JOB);
        assertThat(node.asked).doesNotContain("callerid");
        assertThat(verdict.stages()).extracting(Stage::outcome).contains("no_connection");
    }

    @Test
    void whenTheSourceJobCannotBeJoinedTheUsersOtherJobsAre() {
        node.runs(step(7, 1), step(8, 2), step(9, 3)).sourceJob(9).adoption(9, failed(Reason.ADOPT_STEP_GONE));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.reason()).isEqualTo(Reason.NEWEST_JOB);
        assertThat(verdict.job()).isEqualTo(new JobId(8));
        assertThat(node.asked).containsExactly("steps", "callerid", "adopt 9", "adopt 8", "membership 8");
    }

    @Test
    void whenTheSourceJobCannotBeJoinedActionUnknownDecides() {
        node.runs(step(7, 1), step(9, 3)).sourceJob(9).adoption(9, failed(Reason.ADOPT_STEP_GONE));
        assertThat(decided(login(STRICT)).reason()).isEqualTo(Reason.SOURCE_UNKNOWN);
    }

    @Test
    void aFailureWithTheNewestIsFinal() {
        node.runs(step(7, 1), step(8, 2)).adoption(8, failed(Reason.ADOPT_REFUSED));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
        assertThat(verdict.reason()).isEqualTo(Reason.ADOPT_REFUSED);
        assertThat(verdict.message())
                .isEqualTo("Access denied by adoptd: this session could not be placed into your job 8");
        assertThat(node.asked).doesNotContain("adopt 7");
    }

    @Test
    void aFailureWithTheOnlyJobIsLetInOnlyWhereTheLineSaysSo() {
        node.runs(step(7, 1)).adoption(7, failed(Reason.ADOPT_TIMED_OUT));
        assertThat(decided(login(STRICT)).decision()).isEqualTo(Decision.DENIED);
        Verdict allowed = decided(login(loose()));
        assertThat(allowed.decision()).isEqualTo(Decision.ALLOWED);
        assertThat(allowed.environment()).isEmpty();
    }

    @Test
    void aYesFromTheStepdIsNoneUntilTheKernelConfirmsIt() {
        node.runs(step(7, 1)).membership(Mono.just(new Membership.Elsewhere("freezer:/")));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
        assertThat(verdict.reason()).isEqualTo(Reason.ADOPT_NOT_IN_STEP);

        node.membership(Mono.just(new Membership.ProcessGone()));
        assertThat(decided(login(USUAL)).reason()).isEqualTo(Reason.ADOPT_PROCESS_GONE);
    }

    @Test
    void adoptionThatCannotBeReadBackIsUnprovenAndActionAdoptFailureDecides() {
        node.runs(step(7, 1)).membership(Mono.just(new Membership.Unreadable("timed out")));
        Verdict denied = decided(login(USUAL));
        assertThat(denied.decision()).isEqualTo(Decision.DENIED);
        assertThat(denied.reason()).isEqualTo(Reason.ADOPT_UNPROVEN);
        assertThat(denied.message())
                .isEqualTo("Access denied by adoptd: this node could not confirm that this session is in your job 7");
        Verdict allowed = decided(login(loose()));
        assertThat(allowed.decision()).isEqualTo(Decision.ALLOWED);
        assertThat(allowed.reason()).isEqualTo(Reason.ADOPT_UNPROVEN);
    }

    @Test
    void unprovenAdoptionIntoTheSourceJobTriesNoOtherJob() {
        node.runs(step(7, 1), step(8, 2)).sourceJob(7).membership(Mono.just(new Membership.Unreadable("timed out")));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.reason()).isEqualTo(Reason.ADOPT_UNPROVEN);
        assertThat(verdict.message()).endsWith("your job 7");
        assertThat(node.asked).containsExactly("steps", "callerid", "adopt 7", "membership 7");
    }

    @Test
    void provenAdoptionIsAdoptedThoughItsSettingsOutlastTheDeadline() {
        node.runs(step(7, 1))
                .furnishes(new Furnishings(
                        new Furnishings.Namespaces(List.of(new Namespace(0x20000, 9))), new Furnishings.NoTunnel()))
                .bequeaths(Mono.never());
        StepVerifier.withVirtualTime(() -> decide(login(USUAL)), () -> time, Long.MAX_VALUE)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(2_999))
                .thenAwait(Duration.ofMillis(1))
                .assertNext(verdict -> {
                    assertThat(verdict.decision()).isEqualTo(Decision.ADOPTED);
                    assertThat(verdict.reason()).isEqualTo(Reason.ONLY_JOB);
                    assertThat(verdict.environment()).containsExactly(Map.entry("SLURM_JOB_ID", "7"));
                    assertThat(verdict.namespaces()).containsExactly(new Namespace(0x20000, 9));
                    assertThat(verdict.stages())
                            .last()
                            .isEqualTo(new Stage("settings", "none", "the login's deadline passed", Duration.ZERO));
                })
                .verifyComplete();
    }

    @Test
    void aRecycledPidIsNeverHandedToAStepd() {
        node.runs(step(7, 1)).processGone();
        assertThat(decided(login(USUAL)).reason()).isEqualTo(Reason.ADOPT_PROCESS_GONE);
        assertThat(node.asked).doesNotContain("adopt 7");
    }

    @Test
    void aLoginIsAnsweredAtItsDeadlineWhateverAPortDoes() {
        node.runs(step(7, 1), step(8, 2)).callerid(Mono.never());
        StepVerifier.withVirtualTime(() -> decide(login(USUAL)), () -> time, Long.MAX_VALUE)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(2_999))
                .thenAwait(Duration.ofMillis(1))
                .assertNext(verdict -> {
                    assertThat(verdict.reason()).isEqualTo(Reason.DEADLINE_PASSED);
                    assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
                    assertThat(verdict.stages())
                            .last()
                            .isEqualTo(new Stage("callerid", "unanswered", "", Duration.ofSeconds(3)));
                })
                .verifyComplete();
    }

    @Test
    void aClientThatLeavesStopsTheAsking() {
        var cancelled = new AtomicBoolean();
        node.runs(step(7, 1), step(8, 2)).callerid(Mono.<CalleridAnswer>never().doOnCancel(() -> cancelled.set(true)));
        StepVerifier.withVirtualTime(() -> decide(login(USUAL)), () -> time, Long.MAX_VALUE)
                .expectSubscription()
                .thenAwait(Duration.ofMillis(10))
                .thenCancel()
                .verify();
        assertThat(cancelled).isTrue();
        assertThat(node.asked).containsExactly("steps", "callerid");
    }

    @Test
    void aPortThatBreaksItsPromiseIsOurBugAndNeverAYes() {
        node.steps(Mono.empty());
        StepVerifier.create(decide(login(loose()))).verifyError(NoSuchElementException.class);
        node.steps(Mono.error(new IllegalStateException("bug")));
        StepVerifier.create(decide(login(loose()))).verifyError(IllegalStateException.class);
    }

    @Test
    void theWayIsTold() {
        node.runs(step(7, 1), step(8, 2)).sourceJob(7);
        assertThat(decided(login(USUAL)).stages())
                .extracting(stage -> stage.name() + "=" + stage.outcome())
                .containsExactly("steps=2", "callerid=job_7", "adopt=ok", "membership=in_step");
    }

    @Test
    void anOnlyJobAsksTheSourceWhereTheLineSaysSo() {
        node.runs(step(7, 1)).sourceJob(7);
        PamOptions asking = STRICT.with(new Switches(true, true, true));
        assertThat(decided(login(asking)).reason()).isEqualTo(Reason.SOURCE_JOB);
        node.callerid(Mono.just(new CalleridAnswer.Indeterminate()));
        assertThat(decided(login(asking)).reason()).isEqualTo(Reason.SOURCE_UNKNOWN);
    }

    @Test
    void aSessionGetsTheDisplayAndTheNamespacesOfItsJob() {
        node.runs(step(7, 1))
                .furnishes(new Furnishings(
                        new Furnishings.Namespaces(List.of(new Namespace(0x20000, 9))),
                        new Furnishings.Tunnel(23, "/run/xauth")));
        Verdict verdict = decided(login(USUAL));
        assertThat(verdict.namespaces()).containsExactly(new Namespace(0x20000, 9));
        assertThat(verdict.environment())
                .containsExactly(
                        Map.entry("SLURM_JOB_ID", "7"),
                        Map.entry("DISPLAY", "localhost:23.0"),
                        Map.entry("XAUTHORITY", "/run/xauth"));
        Verdict plain = decided(login(USUAL.with(new Switches(false, false, false))));
        assertThat(plain.namespaces()).isEmpty();
        assertThat(plain.environment()).containsOnlyKeys("SLURM_JOB_ID");
    }

    @Test
    void aHelperIsGivenNoNamespaceToJoin() {
        node.runs(step(7, 1))
                .furnishes(new Furnishings(
                        new Furnishings.Namespaces(List.of(new Namespace(0, 9))), new Furnishings.NoTunnel()));
        assertThat(decided(login(Phase.ACCOUNT_BY_HELPER, USUAL, null)).namespaces())
                .isEmpty();
    }

    @Test
    void aContainerThatIsNotToldIsAFailureAndATunnelIsNot() {
        node.runs(step(7, 1))
                .furnishes(new Furnishings(
                        new Furnishings.ContainerUnknown("silent"), new Furnishings.TunnelUnknown("silent")));
        Verdict denied = decided(login(USUAL));
        assertThat(denied.reason()).isEqualTo(Reason.ADOPT_NO_CONTAINER);
        assertThat(denied.decision()).isEqualTo(Decision.DENIED);
        Verdict in = decided(login(USUAL.with(new Switches(true, false, false))));
        assertThat(in.decision()).isEqualTo(Decision.ADOPTED);
        assertThat(in.stages()).extracting(Stage::name).contains("x11");
    }

    @Test
    void variablesOfTheJobNeverReplaceTheOnesOfTheDecision() {
        node.runs(step(7, 1))
                .bequeaths(new Inherited(Map.of("SLURM_JOB_ID", "666", "TMPDIR", "/scratch"), "2 variables", ""));
        assertThat(decided(login(USUAL)).environment())
                .containsExactly(Map.entry("SLURM_JOB_ID", "7"), Map.entry("TMPDIR", "/scratch"));
    }

    @Test
    void aSessionThatIsInItsJobIsLeftThere() {
        node.runs(step(7, 1), step(8, 2));
        Verdict verdict = decided(session(USUAL, 7));
        assertThat(verdict.decision()).isEqualTo(Decision.ADOPTED);
        assertThat(verdict.reason()).isEqualTo(Reason.ACCOUNT_JOB);
        assertThat(verdict.job()).isEqualTo(new JobId(7));
        assertThat(verdict.environment()).containsEntry("SLURM_JOB_ID", "7");
        assertThat(node.asked).containsExactly("steps", "membership 7", "furnish 7", "forget 4242");
    }

    @Test
    void aSessionThatIsNotInItsJobIsAdoptedIntoTheOneThatTheAccountPhaseChose() {
        var places = List.of(new Membership.Elsewhere("freezer:/"), new Membership.InStep())
                .iterator();
        node.runs(step(7, 1), step(8, 2)).membership(Mono.fromSupplier(places::next));
        Verdict verdict = decided(session(USUAL, 7));
        assertThat(verdict.job()).isEqualTo(new JobId(7));
        assertThat(node.asked).containsExactly("steps", "membership 7", "adopt 7", "membership 7", "forget 4242");
    }

    @Test
    void aSessionThatCannotBeAdoptedIsDeniedWhereTheLineSaysSo() {
        node.runs(step(7, 1), step(8, 2))
                .membership(Mono.just(new Membership.Elsewhere("freezer:/")))
                .adoption(7, failed(Reason.ADOPT_STEP_GONE));
        Verdict denied = decided(session(USUAL, 7));
        assertThat(denied.decision()).isEqualTo(Decision.DENIED);
        assertThat(denied.message()).contains("your job 7");
        assertThat(decided(session(loose(), 7)).decision()).isEqualTo(Decision.ALLOWED);
        assertThat(node.asked).doesNotContain("adopt 8");
    }

    @Test
    void aSessionWhoseJobHasEndedIsAFailedAdoptionAlsoWithAnotherJob() {
        Verdict verdict = decided(session(STRICT, 7));
        assertThat(verdict.decision()).isEqualTo(Decision.DENIED);
        assertThat(verdict.reason()).isEqualTo(Reason.ADOPT_STEP_GONE);
        node.runs(step(8, 2));
        assertThat(decided(session(STRICT, 7)).reason()).isEqualTo(Reason.ADOPT_STEP_GONE);
        assertThat(node.asked).containsExactly("steps", "forget 4242");
    }

    @Test
    void aSessionWhoseJobMayBeOneThatDoesNotAnswerIsAFailedAdoptionOfItsOwnReason() {
        node.runs(new OwnedSteps(List.of(), 1));
        assertThat(decided(session(STRICT, 7)).reason()).isEqualTo(Reason.ADOPT_TIMED_OUT);
    }

    @Test
    void aSessionOnANodeAtFaultIsAGenericFailure() {
        node.steps(Mono.just(new StepsAnswer.NodeFault(Reason.SPOOL_UNREADABLE, "")));
        assertThat(decided(session(STRICT, 7)).reason()).isEqualTo(Reason.SPOOL_UNREADABLE);
        assertThat(decided(session(STRICT, 7)).decision()).isEqualTo(Decision.DENIED);
    }

    @Test
    void aSessionThatTheAccountPhaseDidNotAdoptIsLeftAloneWhateverJobsItsUserHas() {
        node.runs(step(7, 1), step(8, 2));
        Verdict verdict = decided(login(Phase.SESSION, STRICT, null));
        assertThat(verdict.decision()).isEqualTo(Decision.IGNORED);
        assertThat(verdict.reason()).isEqualTo(Reason.ACCOUNT_DECIDED);
        assertThat(node.asked).containsExactly("forget 4242");
    }

    @Test
    void aLoginThatAHelperAsksForIsWrittenDownBeforeTheHelperIsAnswered() {
        node.runs(step(7, 1));
        assertThat(decided(login(Phase.ACCOUNT_BY_HELPER, USUAL, null)).decision())
                .isEqualTo(Decision.ADOPTED);
        assertThat(node.asked).containsExactly("steps", "adopt 7", "membership 7", "record 7");
    }

    @Test
    void aLoginThatCannotBeWrittenDownIsAGenericFailure() {
        node.runs(step(7, 1)).record(Mono.just(new RecordAnswer.NotKept("no space left on device")));
        Verdict denied = decided(login(Phase.ACCOUNT_BY_HELPER, STRICT, null));
        assertThat(denied.decision()).isEqualTo(Decision.DENIED);
        assertThat(denied.reason()).isEqualTo(Reason.RECORD_UNWRITABLE);
        assertThat(denied.message()).contains("record_unwritable");
        assertThat(denied.stages()).extracting(Stage::why).contains("no space left on device");
        assertThat(decided(login(Phase.ACCOUNT_BY_HELPER, loose(), null)).decision())
                .isEqualTo(Decision.ALLOWED);
    }

    @Test
    void onlyAnAdoptionByAHelperIsWrittenDown() {
        decided(login(Phase.ACCOUNT_BY_HELPER, STRICT, null));
        assertThat(node.asked).containsExactly("steps");
        node.runs(step(7, 1));
        decided(login(STRICT));
        assertThat(node.asked).doesNotContain("record 7");
    }

    private static Login session(PamOptions options, long job) {
        return login(Phase.SESSION, options, new JobId(job));
    }

    private Mono<Verdict> decide(Login login) {
        return node.pipeline().decide(login, luggage, Deadline.in(Duration.ofSeconds(3), clock));
    }

    private Verdict decided(Login login) {
        node.asked.clear();
        return Objects.requireNonNull(decide(login).block());
    }

    private static Mono<AdoptOutcome> failed(Reason reason) {
        return Mono.just(new AdoptOutcome.Failed(reason, ""));
    }

    /** Everything that can be let through is. */
    private static PamOptions loose() {
        return new PamOptions(
                ActionNoJobs.IGNORE, ActionUnknown.ALLOW, ActionAdoptFailure.ALLOW, ActionGenericFailure.ALLOW);
    }
}
