package io.adoptd.pipeline.model;

/**
 * What a session wants of its job besides being in it.
 *
 * @param x11 the display of the job's X11 tunnel
 * @param container the namespaces of the job
 */
public record Wants(boolean x11, boolean container) {

    public static final Wants NOTHING = new Wants(false, false);
}
