package io.adoptd.pipeline.time;

import java.time.Duration;

/**
 * How much of a login's deadline each thing that it asks may use. All are positive.
 *
 * @param steps finding the user's extern steps: the spool directory and every slurmstepd, asked in parallel
 * @param connect connecting to the slurmd at the login's source
 * @param callerid what that slurmd is asked once it has taken the connection: credentials and answer, of all attempts
 * @param adopt one slurmstepd taking the process in, and giving what its session wants of the job
 * @param membership reading back where the process is
 * @param settings taking over the job's variables and limits
 */
public record Slices(
        Duration steps, Duration connect, Duration callerid, Duration adopt, Duration membership, Duration settings) {

    public static final Slices DEFAULT = new Slices(
            Duration.ofMillis(500),
            Duration.ofMillis(800),
            Duration.ofSeconds(5),
            Duration.ofMillis(1000),
            Duration.ofMillis(250),
            Duration.ofMillis(250));

    /** Asking the slurmd at the login's source, in all. */
    public Duration source() {
        return connect.plus(callerid);
    }

    /** Acting and proving it: what is left of a login for that, however long it took until then. */
    public Duration toAct() {
        return adopt.plus(membership);
    }
}
