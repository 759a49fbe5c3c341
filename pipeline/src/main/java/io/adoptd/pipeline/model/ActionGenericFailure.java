package io.adoptd.pipeline.model;

/** What to do when the node itself is at fault: the values of {@code action_generic_failure}. */
public enum ActionGenericFailure implements OptionValue {
    IGNORE,
    ALLOW,
    DENY;

    @Override
    public String option() {
        return "action_generic_failure";
    }
}
