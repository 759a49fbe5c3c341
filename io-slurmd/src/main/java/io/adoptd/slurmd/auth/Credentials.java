package io.adoptd.slurmd.auth;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.wire.Bytes;
import reactor.core.publisher.Mono;

/**
 * An authentication service of this node. It vouches for the uid of the process that asks: to read the reply to a
 * request, ask as the same user.
 */
public interface Credentials {

    /** The plugin whose credentials these are. */
    AuthPlugin plugin();

    /**
     * Makes a credential that anybody may check, once: each attempt and each peer needs one of its own.
     *
     * @param payload what the credential is bound to: a {@link BodyHash#payload}
     * @return exactly one answer, at the deadline the latest; an absent or slow service is an answer, not an error
     */
    Mono<MakeAnswer> make(Bytes payload, Deadline deadline);

    /**
     * Checks a credential and uses it up.
     *
     * @return exactly one answer, at the deadline the latest; an absent or slow service is an answer, not an error
     */
    Mono<VerifyAnswer> verify(Token credential, Deadline deadline);
}
