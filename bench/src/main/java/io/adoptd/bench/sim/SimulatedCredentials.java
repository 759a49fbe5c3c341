package io.adoptd.bench.sim;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.wire.Bytes;
import java.util.HexFormat;
import reactor.core.publisher.Mono;

/** Credentials that anybody could forge, for a node on which there is nothing to win: the payload, in hex, of root. */
final class SimulatedCredentials implements Credentials {

    private static final String MARK = "SIMULATED:";

    @Override
    public AuthPlugin plugin() {
        return AuthPlugin.MUNGE;
    }

    @Override
    public Mono<MakeAnswer> make(Bytes payload, Deadline deadline) {
        return Mono.just(new MakeAnswer.Made(token(payload)));
    }

    @Override
    public Mono<VerifyAnswer> verify(Token credential, Deadline deadline) {
        String text = credential.reveal();
        if (!text.startsWith(MARK)) {
            return Mono.just(new VerifyAnswer.Refused(VerifyAnswer.Refusal.INVALID, "not simulated"));
        }
        Bytes payload = Bytes.of(HexFormat.of().parseHex(text.substring(MARK.length())));
        return Mono.just(new VerifyAnswer.Verified(new VerifyAnswer.VerifiedCredential(new Uid(0), 0, payload)));
    }

    static Token token(Bytes payload) {
        return new Token(MARK + payload.toHex());
    }
}
