package io.adoptd.slurmd.auth;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.wire.Bytes;
import java.util.function.Function;

/** What came of checking a credential. */
public sealed interface VerifyAnswer {

    /** It is genuine, in time and new. Whether it fits the message is for the caller to see. */
    record Verified(VerifiedCredential credential) implements VerifyAnswer {}

    /**
     * The service knows that it must not be trusted.
     *
     * @param why for the log
     */
    record Refused(Refusal refusal, String why) implements VerifyAnswer {}

    /**
     * The service could not be asked: nothing is known of the credential.
     *
     * @param why for the log
     */
    record Unavailable(String why) implements VerifyAnswer {}

    /** Whose it is, and what it is bound to. */
    record VerifiedCredential(Uid uid, long gid, Bytes payload) {}

    enum Refusal {
        /** Older than its time to live. */
        EXPIRED,
        /** From the future: the clocks of the two hosts disagree. */
        REWOUND,
        /** Checked before on this host. */
        REPLAYED,
        /** Made for another user to read. */
        NOT_FOR_US,
        /** Not a credential of this realm of trust at all. */
        INVALID
    }

    default <R> R fold(
            Function<Verified, R> verified, Function<Refused, R> refused, Function<Unavailable, R> unavailable) {
        if (this instanceof Verified v) {
            return verified.apply(v);
        }
        if (this instanceof Refused r) {
            return refused.apply(r);
        }
        return unavailable.apply((Unavailable) this);
    }
}
