package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.Credentials;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.VerifyAnswer.Refusal;
import io.adoptd.slurmd.auth.VerifyAnswer.VerifiedCredential;
import io.adoptd.slurmd.wire.Bytes;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/** An authentication service that everybody can read through: serial, uid and payload in plain text. */
final class FakeCredentials implements Credentials {

    private final AtomicInteger serial = new AtomicInteger();
    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final List<Token> made = new CopyOnWriteArrayList<>();

    /** A credential of a slurmd that runs as {@code uid}. */
    Token of(long uid, Bytes payload) {
        return new Token(serial.incrementAndGet() + ":" + uid + ":" + payload.toHex());
    }

    List<Token> made() {
        return made;
    }

    static Bytes payloadOf(Token credential) {
        String text = credential.reveal();
        return Bytes.of(HexFormat.of().parseHex(text.substring(text.lastIndexOf(':') + 1)));
    }

    @Override
    public AuthPlugin plugin() {
        return AuthPlugin.MUNGE;
    }

    @Override
    public Mono<MakeAnswer> make(Bytes payload, Deadline deadline) {
        return Mono.fromSupplier(() -> {
            Token token = of(0, payload);
            made.add(token);
            return new MakeAnswer.Made(token);
        });
    }

    @Override
    public Mono<VerifyAnswer> verify(Token credential, Deadline deadline) {
        return Mono.fromSupplier(() -> {
            if (!seen.add(credential.reveal())) {
                return new VerifyAnswer.Refused(Refusal.REPLAYED, "replayed");
            }
            long uid = Long.parseLong(credential.reveal().split(":", -1)[1]);
            return new VerifyAnswer.Verified(new VerifiedCredential(new Uid(uid), uid, payloadOf(credential)));
        });
    }
}
