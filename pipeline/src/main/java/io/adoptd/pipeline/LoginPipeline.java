package io.adoptd.pipeline;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Verdict;
import io.adoptd.pipeline.policy.Choice;
import io.adoptd.pipeline.policy.LoginPolicy;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.Slices;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;

/** The one way in: a login goes in, a verdict comes out. */
public final class LoginPipeline {

    private final ExternSteps externSteps;
    private final Callerid callerid;
    private final Adoption adoption;
    private final Processes processes;
    private final Slices slices;

    public LoginPipeline(
            ExternSteps externSteps, Callerid callerid, Adoption adoption, Processes processes, Slices slices) {
        this.externSteps = externSteps;
        this.callerid = callerid;
        this.adoption = adoption;
        this.processes = processes;
        this.slices = slices;
    }

    /**
     * Decides one login. Nothing is asked before subscription, each question once; a cancel stops the asking.
     *
     * @param deadline when sshd must have its answer: past it the verdict is the one of {@code action_generic_failure}
     * @return exactly one verdict; an error is a bug of ours, which the caller has to make a generic failure
     */
    public Mono<Verdict> decide(Login login, Deadline deadline) {
        return Mono.defer(() -> {
            var attempt = new Attempt(login, deadline);
            return attempt.verdict()
                    .timeout(deadline.remaining(), deadline.timers())
                    .onErrorResume(TimeoutException.class, late -> attempt.tooLate())
                    .map(verdict -> verdict.by(attempt.journal.way()));
        });
    }

    /** One login on its way. */
    private final class Attempt {

        private final Login login;
        private final Deadline deadline;
        private final LoginPolicy policy;
        private final Journal journal;

        Attempt(Login login, Deadline deadline) {
            this.login = login;
            this.deadline = deadline;
            this.policy = new LoginPolicy(login.options());
            this.journal = new Journal(deadline.clock());
        }

        Mono<Verdict> verdict() {
            return steps() // what this user runs here
                    .flatMap(this::choose) // which row of the table
                    .flatMap(this::carryOut) // act: once, last
                    .single(); // no verdict is a bug, never a yes
        }

        Mono<Verdict> tooLate() {
            return Mono.fromSupplier(() -> policy.whenNodeFault(Reason.DEADLINE_PASSED));
        }

        private Mono<StepsAnswer> steps() {
            return journal.note(
                    "steps",
                    externSteps.ownedBy(login.uid(), login.node(), deadline.slice(slices.steps())),
                    Attempt::stepsEntry);
        }

        private Mono<Choice> choose(StepsAnswer answer) {
            return answer.fold(
                    found -> ask(policy.whenSteps(found.steps())),
                    fault -> Mono.just(new Choice.Settle(policy.whenNodeFault(fault.reason()))));
        }

        private Mono<Choice> ask(Choice choice) {
            return choice.fold(Mono::just, several -> askSource(several.owned()), Mono::just);
        }

        private Mono<Choice> askSource(OwnedSteps owned) {
            return journal.note("callerid", source(), answer -> calleridEntry(owned, answer))
                    .map(answer -> policy.whenSource(owned, answer));
        }

        private Mono<CalleridAnswer> source() {
            return login.connection() == null
                    ? Mono.just(new CalleridAnswer.NoAnswer(CalleridAnswer.Failure.NO_CONNECTION, ""))
                    : callerid.ask(login.connection(), deadline.slice(slices.callerid()));
        }

        private Mono<Verdict> carryOut(Choice choice) {
            return choice.fold(
                    this::adopt,
                    unasked -> Mono.error(new IllegalStateException("the source was to be asked before: " + unasked)),
                    settled -> Mono.just(settled.verdict()));
        }

        /** Adopt and prove it; a failure is one more row of the table, which may name another job, once. */
        private Mono<Verdict> adopt(Choice.Adopt choice) {
            return processes
                    .isStill(login.process(), deadline.slice(slices.membership()))
                    .flatMap(still -> still ? askStepd(choice.step()) : gone())
                    .flatMap(outcome ->
                            outcome.fold(accepted -> prove(choice.step()), failed -> Mono.<AdoptOutcome>just(failed)))
                    .flatMap(outcome -> outcome.fold(
                            proven -> Mono.just(Verdict.adopted(choice.step(), choice.reason())),
                            failed -> carryOut(policy.whenAdoptFailed(choice, failed.reason()))));
        }

        private Mono<AdoptOutcome> gone() {
            return journal.note(
                    "adopt", Mono.just(new AdoptOutcome.Failed(Reason.ADOPT_PROCESS_GONE, "")), Attempt::adoptEntry);
        }

        private Mono<AdoptOutcome> askStepd(ExternStep step) {
            return journal.note(
                    "adopt",
                    adoption.adopt(login.process(), step, deadline.slice(slices.adopt())),
                    Attempt::adoptEntry);
        }

        private Mono<AdoptOutcome> prove(ExternStep step) {
            return journal.note(
                            "membership",
                            processes.membership(login.process(), step, deadline.slice(slices.membership())),
                            Attempt::membershipEntry)
                    .map(Attempt::proven);
        }

        private static AdoptOutcome proven(Membership membership) {
            return membership.fold(
                    in -> new AdoptOutcome.Accepted(),
                    elsewhere -> new AdoptOutcome.Failed(Reason.ADOPT_NOT_IN_STEP, elsewhere.where()),
                    gone -> new AdoptOutcome.Failed(Reason.ADOPT_PROCESS_GONE, ""),
                    unreadable -> new AdoptOutcome.Failed(Reason.ADOPT_NOT_IN_STEP, unreadable.why()));
        }

        private static Journal.Entry stepsEntry(StepsAnswer answer) {
            return answer.fold(
                    found -> new Journal.Entry(
                            Integer.toString(found.steps().steps().size()),
                            found.steps().silent() == 0 ? "" : found.steps().silent() + " silent"),
                    fault -> new Journal.Entry(fault.reason().code(), fault.why()));
        }

        private static Journal.Entry calleridEntry(OwnedSteps owned, CalleridAnswer answer) {
            return answer.fold(
                    source -> new Journal.Entry(
                            "job_" + source.job(),
                            owned.of(source.job()).isPresent() ? "" : "not this user's job here"),
                    unknown -> Journal.Entry.of("unknown"),
                    none -> new Journal.Entry(none.failure().code(), none.why()));
        }

        private static Journal.Entry adoptEntry(AdoptOutcome outcome) {
            return outcome.fold(
                    accepted -> Journal.Entry.of("ok"),
                    failed -> new Journal.Entry(failed.reason().code(), failed.why()));
        }

        private static Journal.Entry membershipEntry(Membership membership) {
            return membership.fold(
                    in -> Journal.Entry.of("in_step"),
                    elsewhere -> new Journal.Entry("elsewhere", elsewhere.where()),
                    gone -> Journal.Entry.of("process_gone"),
                    unreadable -> new Journal.Entry("unreadable", unreadable.why()));
        }
    }
}
