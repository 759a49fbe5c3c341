package io.adoptd.pipeline.model;

/** What to do when the user has no job on the node: the values of {@code action_no_jobs}. */
public enum ActionNoJobs implements OptionValue {
    IGNORE,
    DENY;

    @Override
    public String option() {
        return "action_no_jobs";
    }
}
