package io.adoptd.slurmd.stepd;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The newest protocol word that a slurmstepd of this node has named: a good guess at the cluster's release. A job that
 * outlived an upgrade has an older slurmstepd than its slurmd, so the newest counts, not the last.
 */
public final class LastSeenVersion {

    private static final int NONE = 0;

    private final AtomicInteger newest = new AtomicInteger(NONE);

    /** The word, such as 0x2D00 for 26.05; empty while none was heard. It may be one that is not known here. */
    public OptionalInt word() {
        int word = newest.get();
        return word == NONE ? OptionalInt.empty() : OptionalInt.of(word);
    }

    void saw(StepdVersion version) {
        newest.accumulateAndGet(version.word(), Math::max);
    }
}
