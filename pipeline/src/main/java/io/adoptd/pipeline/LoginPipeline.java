package io.adoptd.pipeline;

import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.Furnishings.ContainerUnknown;
import io.adoptd.pipeline.model.Furnishings.Namespaces;
import io.adoptd.pipeline.model.Furnishings.TunnelUnknown;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Verdict;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.policy.Choice;
import io.adoptd.pipeline.policy.LoginPolicy;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.port.JobSettings;
import io.adoptd.pipeline.port.LoginRecords;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.Slices;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The one way in: a login goes in, a verdict comes out. */
public final class LoginPipeline {

    /**
     * Most logins that may be configured to be decided at once. A login asks one question at a time, so a queue of this
     * length never refuses one that was admitted.
     */
    public static final int MOST_AT_ONCE = 65_536;

    /** For one short file, written to memory: most of it for a node whose processors are busy. */
    private static final Duration RECORD = Duration.ofSeconds(1);

    private final ExternSteps externSteps;
    private final Callerid callerid;
    private final Adoption adoption;
    private final Processes processes;
    private final JobSettings settings;
    private final LoginRecords records;
    private final Slices slices;

    public LoginPipeline(
            ExternSteps externSteps,
            Callerid callerid,
            Adoption adoption,
            Processes processes,
            JobSettings settings,
            LoginRecords records,
            Slices slices) {
        this.externSteps = externSteps;
        this.callerid = callerid;
        this.adoption = adoption;
        this.processes = processes;
        this.settings = settings;
        this.records = records;
        this.slices = slices;
    }

    /**
     * Decides one login, in the account phase or the session phase. Nothing is asked before subscription, each question
     * once; a cancel stops the asking.
     *
     * @param luggage takes what the login is given, such as the descriptors of {@link Verdict#namespaces}; the caller
     *     closes it when the login is over
     * @param deadline when sshd must have its answer: past it the verdict is the one of {@code action_generic_failure}
     * @return exactly one verdict; an error is a bug of ours, which the caller has to make a generic failure
     */
    public Mono<Verdict> decide(Login login, Luggage luggage, Deadline deadline) {
        return Mono.defer(() -> {
            var attempt = new Attempt(login, luggage, deadline);
            return attempt.verdict()
                    .timeout(deadline.remaining(), attempt.tooLate(), deadline.timers())
                    .doOnNext(verdict -> attempt.forget())
                    .map(verdict -> verdict.by(attempt.journal.way()));
        });
    }

    /** One login on its way. */
    private final class Attempt {

        private final Login login;
        private final Luggage luggage;
        private final Deadline deadline;
        private final LoginPolicy policy;
        private final Journal journal;

        /** What the login gets if its deadline passes now: it is adopted and proven, and only its settings are missing. */
        private volatile @Nullable Verdict proven;

        Attempt(Login login, Luggage luggage, Deadline deadline) {
            this.login = login;
            this.luggage = luggage;
            this.deadline = deadline;
            this.policy = new LoginPolicy(login.options());
            this.journal = new Journal(deadline.clock());
        }

        Mono<Verdict> verdict() {
            return (login.phase() == Phase.SESSION ? session() : account()).single(); // none is a bug, never a yes
        }

        Mono<Verdict> tooLate() {
            return Mono.fromSupplier(() -> {
                Verdict adopted = proven;
                if (adopted == null || login.phase() == Phase.ACCOUNT_BY_HELPER) { // whose record is not written yet
                    return policy.whenNodeFault(Reason.DEADLINE_PASSED);
                }
                journal.add("settings", "none", "the login's deadline passed");
                return adopted;
            });
        }

        /** The module has read a record before it asks for the session; nothing else wants it. */
        void forget() {
            if (login.phase() == Phase.SESSION) {
                records.forget(login.process());
            }
        }

        private Mono<Verdict> account() {
            return steps() // what this user runs here
                    .flatMap(answer -> choose(answer, policy::whenSteps)) // which row of the table
                    .flatMap(choice -> carryOut(choice, this::adopt)) // act: once, last
                    .flatMap(this::writeDown);
        }

        /** What a helper is told is lost with it, so it is written down for its parent, before the helper is told. */
        private Mono<Verdict> writeDown(Verdict verdict) {
            JobId job = verdict.job();
            return job == null || login.phase() != Phase.ACCOUNT_BY_HELPER
                    ? Mono.just(verdict)
                    : journal.note("record", keep(job), Attempt::recordEntry)
                            .map(answer -> answer.fold(
                                    kept -> verdict, not -> policy.whenNodeFault(Reason.RECORD_UNWRITABLE)));
        }

        private Mono<RecordAnswer> keep(JobId job) {
            return records.keep(login, job, deadline.sliceInTurn(RECORD, Duration.ZERO));
        }

        /** The process that becomes the session has to be in the job that the account phase adopted it into. */
        private Mono<Verdict> session() {
            JobId job = login.job();
            return job == null
                    ? Mono.fromSupplier(policy::whenAccountDecided)
                    : steps().flatMap(answer -> choose(answer, owned -> policy.whenSession(owned, job)))
                            .flatMap(choice -> carryOut(choice, this::confirm));
        }

        private Mono<StepsAnswer> steps() {
            return journal.note(
                    "steps",
                    externSteps.ownedBy(
                            login.uid(), login.node(), deadline.sliceInTurn(slices.steps(), slices.toAct())),
                    Attempt::stepsEntry);
        }

        private Mono<Choice> choose(StepsAnswer answer, Function<OwnedSteps, Choice> row) {
            return answer.fold(
                    found -> ask(row.apply(found.steps())),
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
                    ? Mono.just(new CalleridAnswer.NoAnswer(
                            CalleridAnswer.Failure.NO_CONNECTION, "no TCP connection to ask about"))
                    : callerid.ask(login.connection(), deadline.sliceInTurnKeeping(slices.source(), slices.toAct()));
        }

        private Mono<Verdict> carryOut(Choice choice, Function<Choice.Adopt, Mono<Verdict>> act) {
            return choice.fold(
                    act,
                    unasked -> Mono.error(new IllegalStateException("the source was to be asked before: " + unasked)),
                    settled -> Mono.just(settled.verdict()));
        }

        /** Adopt and prove it; a failure is one more row of the table, which may name another job, once. */
        private Mono<Verdict> adopt(Choice.Adopt choice) {
            return processes
                    .isStill(login.process())
                    .flatMap(still -> still ? askStepd(choice.step()) : gone())
                    .flatMap(outcome -> outcome.fold(accepted -> prove(choice.step(), accepted), Mono::just))
                    .flatMap(outcome -> settle(choice, outcome));
        }

        /** Adopt, unless the process is where it should be. */
        private Mono<Verdict> confirm(Choice.Adopt choice) {
            return membership(choice.step())
                    .flatMap(membership -> membership.fold(
                            in -> furnish(choice.step()).flatMap(outcome -> settle(choice, outcome)),
                            elsewhere -> adopt(choice),
                            gone -> gone().flatMap(outcome -> settle(choice, outcome)),
                            unreadable -> adopt(choice)));
        }

        private Mono<Verdict> settle(Choice.Adopt choice, AdoptOutcome outcome) {
            return outcome.fold(
                    proven -> proven.furnishings()
                            .container()
                            .fold(
                                    namespaces -> inherit(choice, proven.furnishings(), namespaces),
                                    unknown -> failed(choice, Reason.ADOPT_NO_CONTAINER)),
                    failed -> failed(choice, failed.reason()));
        }

        private Mono<Verdict> failed(Choice.Adopt choice, Reason reason) {
            return Mono.defer(() -> carryOut(policy.whenAdoptFailed(choice, reason), this::adopt));
        }

        private Mono<Verdict> inherit(Choice.Adopt choice, Furnishings furnishings, Namespaces namespaces) {
            proven = adopted(choice, furnishings, namespaces, Inherited.NOTHING);
            return settings.inherit(login.process(), choice.step(), deadline.slice(slices.settings()))
                    .doOnNext(inherited -> journal.add("settings", inherited.outcome(), inherited.why()))
                    .map(inherited -> adopted(choice, furnishings, namespaces, inherited));
        }

        private static Verdict adopted(
                Choice.Adopt choice, Furnishings furnishings, Namespaces namespaces, Inherited inherited) {
            return Verdict.adopted(
                    choice.step(),
                    choice.reason(),
                    SessionEnvironment.of(choice.step().job(), furnishings.x11(), inherited),
                    namespaces.all());
        }

        private Mono<AdoptOutcome> gone() {
            return journal.note(
                    "adopt", Mono.just(new AdoptOutcome.Failed(Reason.ADOPT_PROCESS_GONE, "")), Attempt::adoptEntry);
        }

        private Mono<AdoptOutcome> askStepd(ExternStep step) {
            return journal.note(
                            "adopt",
                            adoption.adopt(login.process(), step, wants(), luggage, toAdopt()),
                            Attempt::adoptEntry)
                    .doOnNext(this::noteFurnishings);
        }

        private Mono<AdoptOutcome> furnish(ExternStep step) {
            Wants wants = wants();
            return wants.equals(Wants.NOTHING)
                    ? Mono.just(new AdoptOutcome.Accepted(Furnishings.NONE))
                    : journal.note("furnish", adoption.furnish(step, wants, luggage, toAdopt()), Attempt::adoptEntry)
                            .doOnNext(this::noteFurnishings);
        }

        /** Many may be told to one slurmstepd at once: the slice begins with the login's turn there. */
        private Deadline toAdopt() {
            return deadline.sliceInTurn(slices.adopt(), slices.membership().plus(slices.settings()));
        }

        private Wants wants() {
            Switches switches = login.options().switches();
            return new Wants(
                    switches.x11(), switches.container() && login.phase().joinsContainers());
        }

        private Mono<AdoptOutcome> prove(ExternStep step, AdoptOutcome.Accepted accepted) {
            return membership(step).map(membership -> proven(membership, accepted));
        }

        private Mono<Membership> membership(ExternStep step) {
            return journal.note(
                    "membership",
                    processes.membership(
                            login.process(), step, deadline.sliceInTurn(slices.membership(), slices.settings())),
                    Attempt::membershipEntry);
        }

        private static AdoptOutcome proven(Membership membership, AdoptOutcome.Accepted accepted) {
            return membership.fold(
                    in -> accepted,
                    elsewhere -> new AdoptOutcome.Failed(Reason.ADOPT_NOT_IN_STEP, elsewhere.where()),
                    gone -> new AdoptOutcome.Failed(Reason.ADOPT_PROCESS_GONE, ""),
                    unreadable -> new AdoptOutcome.Failed(Reason.ADOPT_UNPROVEN, unreadable.why()));
        }

        /** Only what there is, and what should be but is not. */
        private void noteFurnishings(AdoptOutcome outcome) {
            Furnishings given = outcome.fold(AdoptOutcome.Accepted::furnishings, failed -> Furnishings.NONE);
            journal.add(
                    "container",
                    given.container()
                            .fold(
                                    namespaces -> namespaces.all().isEmpty()
                                            ? ""
                                            : "" + namespaces.all().size(),
                                    unknown -> "unknown"),
                    given.container().fold(namespaces -> "", ContainerUnknown::why));
            journal.add(
                    "x11",
                    given.x11().fold(tunnel -> "" + tunnel.display(), none -> "", unknown -> "unknown"),
                    given.x11().fold(tunnel -> "", none -> "", TunnelUnknown::why));
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
                    unknown -> new Journal.Entry("unknown", "the source's slurmd knows no job with this connection"),
                    none -> new Journal.Entry(none.failure().code(), none.why()));
        }

        private static Journal.Entry adoptEntry(AdoptOutcome outcome) {
            return outcome.fold(
                    accepted -> Journal.Entry.of("ok"),
                    failed -> new Journal.Entry(failed.reason().code(), failed.why()));
        }

        private static Journal.Entry recordEntry(RecordAnswer answer) {
            return answer.fold(kept -> Journal.Entry.of("kept"), not -> new Journal.Entry("unwritten", not.why()));
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
