package io.adoptd.pipeline.policy;

import static io.adoptd.pipeline.policy.Situation.ADOPT_FAILED;
import static io.adoptd.pipeline.policy.Situation.ADOPT_UNPROVEN;
import static io.adoptd.pipeline.policy.Situation.NODE_FAULT;
import static io.adoptd.pipeline.policy.Situation.NO_JOBS;
import static io.adoptd.pipeline.policy.Situation.NO_JOBS_KNOWN;
import static io.adoptd.pipeline.policy.Situation.SOURCE_UNKNOWN;
import static io.adoptd.pipeline.policy.Then.ADOPT_NEWEST;
import static io.adoptd.pipeline.policy.Then.ALLOW;
import static io.adoptd.pipeline.policy.Then.DENY;
import static io.adoptd.pipeline.policy.Then.IGNORE;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.OptionValue;
import io.adoptd.pipeline.model.PamOptions;
import java.util.List;

/**
 * The rows of pam_slurm_adopt's page that an option decides, to be read beside its section "Module Options". What no
 * option decides, {@link LoginPolicy} says: one job is joined without asking, of several the one that the source names.
 */
final class DecisionTable {

    /**
     * One row.
     *
     * @param message the line for the user after "Access denied by adoptd: ", if it denies; {@code %s} is told by the
     *     situation: how many, which job, which fault
     */
    record Row(Situation when, OptionValue value, Then then, String message) {}

    static final List<Row> ROWS = List.of(
            new Row(NO_JOBS, ActionNoJobs.IGNORE, IGNORE, ""),
            new Row(NO_JOBS, ActionNoJobs.DENY, DENY, "you have no active jobs on this node"),
            new Row(NO_JOBS_KNOWN, ActionNoJobs.IGNORE, IGNORE, ""),
            new Row(
                    NO_JOBS_KNOWN,
                    ActionNoJobs.DENY,
                    DENY,
                    "you have no active jobs on this node that could be found: %s did not answer"),
            new Row(SOURCE_UNKNOWN, ActionUnknown.NEWEST, ADOPT_NEWEST, ""),
            new Row(SOURCE_UNKNOWN, ActionUnknown.ALLOW, ALLOW, ""),
            new Row(
                    SOURCE_UNKNOWN,
                    ActionUnknown.DENY,
                    DENY,
                    "unable to determine source job among your %s on this node"),
            new Row(ADOPT_FAILED, ActionAdoptFailure.ALLOW, ALLOW, ""),
            new Row(ADOPT_FAILED, ActionAdoptFailure.DENY, DENY, "this session could not be placed into your job %s"),
            new Row(ADOPT_UNPROVEN, ActionAdoptFailure.ALLOW, ALLOW, ""),
            new Row(
                    ADOPT_UNPROVEN,
                    ActionAdoptFailure.DENY,
                    DENY,
                    "this node could not confirm that this session is in your job %s"),
            new Row(NODE_FAULT, ActionGenericFailure.IGNORE, IGNORE, ""),
            new Row(NODE_FAULT, ActionGenericFailure.ALLOW, ALLOW, ""),
            new Row(NODE_FAULT, ActionGenericFailure.DENY, DENY, "this node cannot tell its jobs at the moment (%s)"));

    private DecisionTable() {}

    /** The row for this situation under these options. */
    static Row row(Situation when, PamOptions options) {
        OptionValue value = when.chosenIn(options);
        return ROWS.stream()
                .filter(row -> row.when() == when && row.value() == value)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no row for " + when + " and " + value));
    }
}
