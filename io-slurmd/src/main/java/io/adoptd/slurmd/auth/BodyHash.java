package io.adoptd.slurmd.auth;

import io.adoptd.slurmd.wire.Bytes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.crypto.digests.Kangaroo.KangarooParameters;
import org.bouncycastle.crypto.digests.Kangaroo.KangarooTwelve;

/**
 * What binds a credential to one message: a type byte and a digest over body and message type, carried as the
 * credential's payload. Source: Slurm src/interfaces/hash.c, src/plugins/hash/k12 and sha3.
 *
 * <p>Slurm also lets three weaker payloads pass: an empty one, type 0 ("the default"), and type 1, which binds the
 * message type alone. None of them is taken here.
 */
public enum BodyHash {
    /** KangarooTwelve with the message type as customization: what every slurmd takes, and what we send. */
    K12(2) {
        @Override
        byte[] digest(byte[] messageType, byte[] body) {
            var k12 = new KangarooTwelve();
            k12.init(new KangarooParameters.Builder()
                    .setPersonalisation(messageType)
                    .build());
            k12.update(body, 0, body.length);
            byte[] digest = new byte[DIGEST_BYTES];
            k12.doFinal(digest, 0, DIGEST_BYTES);
            return digest;
        }
    },
    /** SHA3-256 over the body, then the message type: what a slurmd answers with under {@code HashPlugin=hash/sha3}. */
    SHA3(4) {
        @Override
        byte[] digest(byte[] messageType, byte[] body) {
            MessageDigest sha3 = sha3();
            sha3.update(body);
            return sha3.digest(messageType);
        }
    };

    private static final int DIGEST_BYTES = 32;

    private final int type;

    BodyHash(int type) {
        this.type = type;
    }

    /** The payload that binds a credential to this message. */
    public Bytes payload(int messageType, Bytes body) {
        var payload = ByteBuffer.allocate(1 + DIGEST_BYTES);
        payload.put((byte) type).put(digest(uint16(messageType), body.toArray()));
        return Bytes.of(payload.array());
    }

    /** Whether {@code payload} binds its credential to this message, by a hash that is taken here. */
    public static boolean binds(Bytes payload, int messageType, Bytes body) {
        return ofType(payload)
                .map(hash ->
                        MessageDigest.isEqual(hash.payload(messageType, body).toArray(), payload.toArray()))
                .orElse(false);
    }

    abstract byte[] digest(byte[] messageType, byte[] body);

    private static Optional<BodyHash> ofType(Bytes payload) {
        if (payload.size() != 1 + DIGEST_BYTES) {
            return Optional.empty();
        }
        byte type = payload.toArray()[0];
        return Arrays.stream(values()).filter(hash -> hash.type == type).findFirst();
    }

    private static byte[] uint16(int messageType) {
        return new byte[] {(byte) (messageType >>> 8), (byte) messageType};
    }

    private static MessageDigest sha3() {
        try {
            return MessageDigest.getInstance("SHA3-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA3-256", e);
        }
    }
}
