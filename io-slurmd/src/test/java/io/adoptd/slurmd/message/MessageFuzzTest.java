package io.adoptd.slurmd.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Mangled;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Bodies of messages: what can be read is canonical, so that written again it is the same. */
class MessageFuzzTest {

    @MethodSource("bodies")
    @FuzzTest
    void anyBytesAreAMessageOrAreRefused(byte[] body) {
        Hostile.readsCheaply(body, () -> {
            Bytes bytes = Bytes.of(body);
            for (SlurmVersion version : SlurmVersion.values()) {
                readBack(
                        bytes, in -> NetworkCalleridResponse.decode(in, version).encode(version));
            }
            readBack(bytes, in -> NetworkCalleridRequest.decode(in).encode());
            readBack(bytes, in -> ReturnCode.decode(in).encode());
            readBack(bytes, in -> ReturnCode.decodeWithMessage(in).encode());
        });
    }

    /** A request, both forms of the answer, a return code with and without its message. */
    static Stream<byte[]> bodies() {
        return Stream.of(
                        "00000010 C000020A000000000000000000000000 00000010 C0000214000000000000000000000000"
                                + " 00009C40 00000016 00000002",
                        "00000002 00000000 00000006 6E6F64654100",
                        "0000000000000000 00000002 FFFFFFFE FFFFFFFE 00000000 00000006 6E6F64654100",
                        "000003EF",
                        "000003EF 00000004 6E6F2100",
                        "FFFFFFFF 00000000")
                .map(hex -> Mangled.hex(hex).toArray());
    }

    private static void readBack(Bytes body, Function<Unpacker, Bytes> message) {
        try {
            assertThat(message.apply(new Unpacker(body))).isEqualTo(body);
        } catch (DecodeException refused) {
            assertThat(refused.offset()).isBetween(0, body.size());
        }
    }
}
