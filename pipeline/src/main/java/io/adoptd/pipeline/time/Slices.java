package io.adoptd.pipeline.time;

import java.time.Duration;

/**
 * How much of a login's deadline each thing that it asks may use. All are positive.
 *
 * @param steps finding the user's extern steps: the spool directory and every slurmstepd, asked in parallel
 * @param callerid asking the slurmd at the login's source, its credentials and both connections included
 * @param adopt one slurmstepd taking the process in
 * @param membership reading back where the process is
 */
public record Slices(Duration steps, Duration callerid, Duration adopt, Duration membership) {

    public static final Slices DEFAULT =
            new Slices(Duration.ofMillis(500), Duration.ofMillis(800), Duration.ofMillis(1000), Duration.ofMillis(250));
}
