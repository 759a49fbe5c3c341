package io.adoptd.slurmd.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Mangled;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.Unpacker;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Credentials and what they are bound to, as a peer may make them up. */
class AuthFuzzTest {

    private static final int PAYLOAD = 33;

    @MethodSource("blocksAndInfos")
    @DictionaryEntries({"socket=", "ttl=", ","})
    @FuzzTest
    void anythingIsAnAuthInfoAndIsAnAuthBlockOrIsRefused(byte[] bytes) {
        Hostile.readsCheaply(bytes, () -> {
            readBlock(bytes);
            readAuthInfo(Hostile.text(bytes));
        });
    }

    /** The first 33 bytes are the payload that somebody else chose, the rest is the body. */
    @MethodSource("payloads")
    @FuzzTest
    void nothingBindsButTheHashOfThisBody(byte[] bytes) {
        int split = Math.min(PAYLOAD, bytes.length);
        Bytes payload = Bytes.of(bytes, 0, split);
        Bytes body = Bytes.of(bytes, split, bytes.length);
        int type = bytes.length;
        boolean hashed = Arrays.stream(BodyHash.values())
                .anyMatch(hash -> hash.payload(type, body).equals(payload));
        assertThat(BodyHash.binds(payload, type, body)).isEqualTo(hashed);
        for (BodyHash hash : BodyHash.values()) {
            Bytes good = hash.payload(type, body);
            assertThat(BodyHash.binds(good, type, body)).isTrue();
            assertThat(BodyHash.binds(good, type + 1, body)).isFalse();
            assertThat(BodyHash.binds(good, type, payload)).isEqualTo(payload.equals(body));
            assertThat(BodyHash.binds(Bytes.of(good.toArray(), 0, PAYLOAD - 1), type, body))
                    .isFalse();
        }
    }

    static Stream<byte[]> blocksAndInfos() {
        return Stream.concat(
                Stream.of(
                                "00000065 0000000C 4D554E47453A414141413A00",
                                "00000067 00000005 652E4A5700",
                                "00000065 00000000")
                        .map(hex -> Mangled.hex(hex).toArray()),
                Hostile.texts("socket=/run/munge/s,ttl=60,cred_expire=120", " ttl=300 , socket=/s"));
    }

    static Stream<byte[]> payloads() {
        Bytes body = Mangled.hex("00000002 00000000 00000006 6E6F64654100");
        return Arrays.stream(BodyHash.values())
                .map(hash -> new Packer()
                        .raw(hash.payload(PAYLOAD + body.size(), body))
                        .raw(body)
                        .packed()
                        .toArray());
    }

    private static void readBlock(byte[] block) {
        var in = new Unpacker(Bytes.of(block));
        try {
            AuthBlock read = AuthBlock.decode(in);
            var out = new Packer();
            read.encode(out);
            assertThat(out.packed()).isEqualTo(Bytes.of(block, 0, in.offset()));
            assertThat(Token.isToken(read.credential().reveal())).isTrue();
            assertThat(read.toString())
                    .endsWith("Token[" + read.credential().reveal().length() + " characters]]");
        } catch (DecodeException refused) {
            assertThat(refused.offset()).isBetween(0, block.length);
        }
    }

    private static void readAuthInfo(String text) {
        AuthInfo info = AuthInfo.parse(text);
        assertThat(info.ttlSeconds()).isNotNegative();
        assertThat(info.socket()).isNotEqualTo("");
    }
}
