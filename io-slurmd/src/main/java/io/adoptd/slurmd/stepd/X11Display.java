package io.adoptd.slurmd.stepd;

import org.jspecify.annotations.Nullable;

/**
 * The X11 forwarding of a job.
 *
 * @param display its display number on this node; 0 when the job has no forwarding
 * @param xauthority the path of its XAUTHORITY file; null when it has none of its own
 */
public record X11Display(int display, @Nullable String xauthority) {}
