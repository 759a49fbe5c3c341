package io.adoptd.slurmd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BytesTest {

    @Test
    void nobodyChangesThemAfterwards() {
        byte[] given = {1, 2};
        var bytes = Bytes.of(given);
        given[0] = 9;
        bytes.toArray()[1] = 9;
        assertThat(bytes.toHex()).isEqualTo("0102");
    }

    @Test
    void theyPrintAsTheirCount() {
        assertThat(Bytes.of("secret".getBytes(StandardCharsets.US_ASCII))).hasToString("6 bytes");
    }

    @Test
    void theyAreEqualByContent() {
        assertThat(Bytes.of(new byte[] {1, 2}))
                .isEqualTo(Bytes.of(new byte[] {0, 1, 2, 3}, 1, 3))
                .hasSameHashCodeAs(Bytes.of(new byte[] {1, 2}))
                .isNotEqualTo(Bytes.NONE);
    }
}
