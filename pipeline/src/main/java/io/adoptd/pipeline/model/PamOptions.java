package io.adoptd.pipeline.model;

/** The actions that the administrator chose on the PAM line; they come with each login. */
public record PamOptions(
        ActionNoJobs noJobs,
        ActionUnknown unknown,
        ActionAdoptFailure adoptFailure,
        ActionGenericFailure genericFailure) {

    /** The page's defaults. */
    public static final PamOptions DEFAULT = new PamOptions(
            ActionNoJobs.DENY, ActionUnknown.NEWEST, ActionAdoptFailure.ALLOW, ActionGenericFailure.IGNORE);
}
