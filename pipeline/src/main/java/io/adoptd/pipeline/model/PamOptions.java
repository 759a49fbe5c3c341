package io.adoptd.pipeline.model;

/** What the administrator chose on the PAM line; it comes with each login. */
public record PamOptions(
        ActionNoJobs noJobs,
        ActionUnknown unknown,
        ActionAdoptFailure adoptFailure,
        ActionGenericFailure genericFailure,
        Switches switches) {

    /** The page's defaults. */
    public static final PamOptions DEFAULT = new PamOptions(
            ActionNoJobs.DENY, ActionUnknown.NEWEST, ActionAdoptFailure.ALLOW, ActionGenericFailure.IGNORE);

    /** These actions, and the default switches. */
    public PamOptions(
            ActionNoJobs noJobs,
            ActionUnknown unknown,
            ActionAdoptFailure adoptFailure,
            ActionGenericFailure genericFailure) {
        this(noJobs, unknown, adoptFailure, genericFailure, Switches.DEFAULT);
    }

    /** The same actions with other switches. */
    public PamOptions with(Switches others) {
        return new PamOptions(noJobs, unknown, adoptFailure, genericFailure, others);
    }
}
