package io.adoptd.pipeline.model;

/** What to do when the process could not be put into the job: the values of {@code action_adopt_failure}. */
public enum ActionAdoptFailure implements OptionValue {
    ALLOW,
    DENY;

    @Override
    public String option() {
        return "action_adopt_failure";
    }
}
