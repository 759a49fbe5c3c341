package io.adoptd.pipeline.model;

/**
 * The options of the PAM line that are on or off.
 *
 * @param x11 {@code disable_x11=0}: the session gets the display of the job's X11 tunnel
 * @param container {@code join_container=true}: the session joins the namespaces of the job
 * @param singleJobAsksSource {@code single_job_skip_rpc=0}: the source is asked also when there is one job only
 */
public record Switches(boolean x11, boolean container, boolean singleJobAsksSource) {

    /** pam_slurm_adopt's defaults. */
    public static final Switches DEFAULT = new Switches(true, true, false);
}
