package io.adoptd.slurmd.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever holds the address of a login's source may answer in the place of its slurmd. */
class ReplyFuzzTest {

    private static final int MAX_RECEIVED = RpcFrame.LENGTH_BYTES + RpcFrame.MAX_LENGTH;

    @MethodSource("recorded")
    @FuzzTest
    void anyBytesAreAReplyOrAreRefused(byte[] received) {
        Hostile.readsCheaply(received, () -> {
            Bytes whole = gathered(received, received.length);
            assertThat(whole.size()).isLessThanOrEqualTo(Math.min(MAX_RECEIVED, received.length));
            assertThat(gathered(received, 1)).isEqualTo(whole);
            assertThat(gathered(received, 7)).isEqualTo(whole);
            Arrays.stream(SlurmVersion.values())
                    .filter(SlurmVersion::spoken)
                    .forEach(word -> read(Bytes.of(received), word));
        });
    }

    static Stream<byte[]> recorded() {
        return Recording.rpcs()
                .filter(recording -> !recording.isRequest())
                .map(recording -> recording.bytes().toArray());
    }

    /** One frame out of pieces of this size, as TCP may deliver them. */
    private static Bytes gathered(byte[] received, int piece) {
        var frame = new FrameCollector();
        boolean whole = false;
        for (int at = 0; at < received.length && !whole; at += piece) {
            whole = frame.add(Arrays.copyOfRange(received, at, Math.min(received.length, at + piece)));
        }
        return frame.collected();
    }

    /** What can be read is canonical: written again it is the same. */
    private static void read(Bytes received, SlurmVersion word) {
        try {
            Reply reply = Reply.read(received, word);
            if (!(reply instanceof Reply.Unspoken)) {
                assertThat(RpcFrame.decode(received).encode()).isEqualTo(received);
            }
            if (reply instanceof Reply.Callerid callerid) {
                assertThat(callerid.response().encode(word)).isEqualTo(callerid.body());
                assertThat(callerid.response().toAnswer()).isNotNull();
            }
        } catch (DecodeException refused) {
            assertThat(refused.offset()).isBetween(0, received.size());
        }
    }
}
