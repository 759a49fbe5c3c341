package io.adoptd.slurmd.stepd;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What is known of this node's extern steps at the moment, for an administrator. It is as old as the last login.
 *
 * @param known how many slurmstepds have told whose job they run
 * @param unasked how many have not been asked yet
 * @param ended how many sockets have nobody behind them any more, or nobody who is to be trusted
 * @param silent how many do not answer
 * @param silentOnes those, or the first {@link #MOST_LISTED} of them, the longest silent first
 */
public record StepsReport(int known, int unasked, int ended, int silent, List<Silent> silentOnes) {

    public static final int MOST_LISTED = 32;

    /**
     * A slurmstepd that does not answer. No login waits for it, and each that finds no step of its user counts it.
     *
     * @param since when it was first found so
     * @param why for people to read
     */
    public record Silent(Path socket, Instant since, String why) {}

    public StepsReport {
        silentOnes = List.copyOf(silentOnes);
    }
}
