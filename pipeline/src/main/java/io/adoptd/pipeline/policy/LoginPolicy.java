package io.adoptd.pipeline.policy;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.Decision;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Verdict;

/** The decisions of one login, each from what is known by then. Plain functions: no waiting, no state. */
public final class LoginPolicy {

    private static final String DENIED = "Access denied by adoptd: ";

    private final PamOptions options;

    public LoginPolicy(PamOptions options) {
        this.options = options;
    }

    /** The user's steps are known. */
    public Choice whenSteps(OwnedSteps owned) {
        return switch (owned.count()) {
            case NONE -> new Choice.Settle(whenNoJobs(owned.silent()));
            case ONE -> whenOne(owned);
            case MANY -> new Choice.AskSource(owned);
        };
    }

    private Choice whenOne(OwnedSteps owned) {
        return options.switches().singleJobAsksSource()
                ? new Choice.AskSource(owned)
                : new Choice.Adopt(owned.newest(), Reason.ONLY_JOB, owned);
    }

    /**
     * A session is to be opened for a login that the account phase adopted into this job: there it belongs, or nowhere. A
     * job that is not known any more has ended, or its slurmstepd is one of those that did not answer.
     */
    public Choice whenSession(OwnedSteps owned, JobId job) {
        return owned.of(job)
                .<Choice>map(step -> new Choice.Adopt(step, Reason.ACCOUNT_JOB, owned))
                .orElseGet(() -> new Choice.Settle(
                        adoptFailed(job, owned.silent() == 0 ? Reason.ADOPT_STEP_GONE : Reason.ADOPT_TIMED_OUT)));
    }

    /** A session is to be opened that the account phase did not adopt: whoever let it in decided. */
    public Verdict whenAccountDecided() {
        return Verdict.settled(Decision.IGNORED, Reason.ACCOUNT_DECIDED, null);
    }

    /** The user has several jobs, and the source was asked. Only a job that is the user's and here is joined. */
    public Choice whenSource(OwnedSteps owned, CalleridAnswer answer) {
        return answer.fold(
                source -> sourceJob(owned, source.job()),
                unknown -> whenSourceUnknown(owned),
                none -> whenSourceUnknown(owned));
    }

    private Choice sourceJob(OwnedSteps owned, JobId job) {
        return owned.of(job)
                .<Choice>map(step -> new Choice.Adopt(step, Reason.SOURCE_JOB, owned))
                .orElseGet(() -> whenSourceUnknown(owned));
    }

    private Choice whenSourceUnknown(OwnedSteps owned) {
        var row = DecisionTable.row(Situation.SOURCE_UNKNOWN, options);
        if (row.then() == Then.ADOPT_NEWEST) {
            return new Choice.Adopt(owned.newest(), Reason.NEWEST_JOB, owned);
        }
        return new Choice.Settle(
                settle(row, Reason.SOURCE_UNKNOWN, counted(owned.steps().size(), "job")));
    }

    /**
     * Adoption into {@code tried} failed. A job that the source named is not the last word: the user's other jobs are
     * tried as if the source were unknown. Any other failure is final, and so is an adoption that is not proven: the
     * process is most likely where it should be.
     */
    public Choice whenAdoptFailed(Choice.Adopt tried, Reason failure) {
        OwnedSteps others = tried.owned().without(tried.step());
        boolean another = tried.reason() == Reason.SOURCE_JOB
                && failure != Reason.ADOPT_UNPROVEN
                && others.count() != OwnedSteps.Count.NONE;
        return another
                ? whenSourceUnknown(others)
                : new Choice.Settle(adoptFailed(tried.step().job(), failure));
    }

    private Verdict adoptFailed(JobId job, Reason failure) {
        Situation situation = failure == Reason.ADOPT_UNPROVEN ? Situation.ADOPT_UNPROVEN : Situation.ADOPT_FAILED;
        return settle(DecisionTable.row(situation, options), failure, job.toString());
    }

    /** The node, or adoptd, is at fault. */
    public Verdict whenNodeFault(Reason fault) {
        return settle(DecisionTable.row(Situation.NODE_FAULT, options), fault, fault.code());
    }

    private Verdict whenNoJobs(int silent) {
        return silent == 0
                ? settle(DecisionTable.row(Situation.NO_JOBS, options), Reason.NO_JOBS, "")
                : settle(
                        DecisionTable.row(Situation.NO_JOBS_KNOWN, options),
                        Reason.NO_JOBS_KNOWN,
                        counted(silent, "job step"));
    }

    private static Verdict settle(DecisionTable.Row row, Reason reason, String detail) {
        return switch (row.then()) {
            case ALLOW -> Verdict.settled(Decision.ALLOWED, reason, null);
            case IGNORE -> Verdict.settled(Decision.IGNORED, reason, null);
            case DENY ->
                Verdict.settled(Decision.DENIED, reason, DENIED + row.message().replace("%s", detail));
            case ADOPT_NEWEST -> throw new IllegalStateException("adopts, and settles nothing: " + row);
        };
    }

    private static String counted(int n, String thing) {
        return n + " " + thing + (n == 1 ? "" : "s");
    }
}
