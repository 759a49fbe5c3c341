package io.adoptd.pipeline.model;

/** What to do when the user has several jobs and none is known to be the source: the values of {@code action_unknown}. */
public enum ActionUnknown implements OptionValue {
    NEWEST,
    ALLOW,
    DENY;

    @Override
    public String option() {
        return "action_unknown";
    }
}
