package io.adoptd.slurmd.rpc;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.slurmd.wire.Bytes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameCollectorTest {

    private static final Bytes FRAME = hex("00000014 2A00 0040 1F41 00000004 0000 0000 0000 00000000");

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 23, 24, 100})
    void itWantsOneFrameHoweverItComes(int pieceSize) {
        var collector = new FrameCollector();
        byte[] bytes = FRAME.toArray();
        for (int at = 0; at < bytes.length; at += pieceSize) {
            int end = Math.min(bytes.length, at + pieceSize);
            assertThat(collector.add(Arrays.copyOfRange(bytes, at, end))).isEqualTo(end == bytes.length);
        }
        assertThat(collector.collected()).isEqualTo(FRAME);
    }

    @Test
    void whatFollowsTheFrameIsNotItsConcern() {
        var collector = new FrameCollector();
        assertThat(collector.add(hex(FRAME.toHex() + "0102").toArray())).isTrue();
        assertThat(collector.collected()).isEqualTo(FRAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000", "0000000f", "00010001", "48545450", "7fffffff", "80000000", "ffffffff"})
    void aLengthThatIsNoneIsAllItWants(String length) {
        var collector = new FrameCollector();
        assertThat(collector.add(hex(length + "0102030405").toArray())).isTrue();
        assertThat(collector.collected()).isEqualTo(hex(length));
    }

    @Test
    void itHandsOverWhatThereIsWhenThePeerStops() {
        var collector = new FrameCollector();
        assertThat(collector.collected()).isEqualTo(Bytes.NONE);
        assertThat(collector.add(hex("000000142A").toArray())).isFalse();
        assertThat(collector.collected()).isEqualTo(hex("000000142A"));
    }
}
