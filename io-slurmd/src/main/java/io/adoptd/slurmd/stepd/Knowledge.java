package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a slurmstepd.
 *
 * @param extern what it told; null unless {@code KNOWN}
 * @param startTicks when its process started, in clock ticks since boot; 0 when that is not known
 * @param dated whether {@code startTicks} has been looked up
 * @param failed why it did not tell; null if it did, or has not been asked
 * @param since when it was first found so
 */
record Knowledge(
        Standing standing,
        @Nullable Extern extern,
        long startTicks,
        boolean dated,
        @Nullable Failed<Extern> failed,
        Instant since) {

    enum Standing {
        /** Not asked yet, or it could not be. */
        UNASKED,
        /** It told. */
        KNOWN,
        /** No answer, or none that can be read: the step may be anyone's. */
        SILENT,
        /** Nobody listens, or whoever does hangs up or is not to be trusted: it does not count as a step. */
        ENDED
    }

    static Knowledge unasked(Instant since) {
        return new Knowledge(Standing.UNASKED, null, 0, false, null, since);
    }

    /** What it told, for the first time or again. */
    Knowledge told(Extern now, Instant at) {
        return dated && pid() == now.pid()
                ? new Knowledge(standing, now, startTicks, true, null, since)
                : new Knowledge(Standing.KNOWN, now, 0, false, null, at);
    }

    Knowledge dated(long ticks) {
        return new Knowledge(standing, extern, ticks, true, failed, since);
    }

    Knowledge failed(Standing now, Failed<Extern> why, Instant at) {
        return new Knowledge(now, null, 0, false, why, is(now) ? since : at);
    }

    boolean is(Standing one) {
        return standing == one;
    }

    boolean isOf(Uid owner) {
        return extern != null && extern.owner().equals(owner);
    }

    /** Whether it told that its step is not set up yet. */
    boolean isStarting() {
        return extern != null && extern.starting();
    }

    boolean isUntrusted() {
        return failed != null && failed.fault() == StepdFault.UNTRUSTED;
    }

    /** Of the slurmstepd that told; 0 if none did. */
    int pid() {
        return extern == null ? 0 : extern.pid();
    }

    /** Why it did not tell, for people to read. */
    String why() {
        return failed == null ? "" : failed.why();
    }
}
