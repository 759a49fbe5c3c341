package io.adoptd.slurmd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlurmVersionTest {

    @ParameterizedTest
    @CsvSource({
        "V22_05, 0x2600, false, false",
        "V23_02, 0x2700, false, false",
        "V23_11, 0x2800, false, false",
        "V24_05, 0x2900, false, false",
        "V24_11, 0x2A00, false, true",
        "V25_05, 0x2B00, false, false",
        "V25_11, 0x2C00, true,  false",
        "V26_05, 0x2D00, true,  true"
    })
    void eachKnowsItsWordAndTheFormOfItsCallerid(SlurmVersion version, int word, boolean longForm, boolean spoken) {
        assertThat(version.word()).isEqualTo(word);
        assertThat(version.longCallerid()).isEqualTo(longForm);
        assertThat(version.spoken()).isEqualTo(spoken);
        assertThat(SlurmVersion.ofWord(word)).contains(version);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0x2500, 0x25ff, 0x2601, 0x2A01, 0x2E00, 0xffff})
    void nothingInBetweenIsAVersion(int word) {
        assertThat(SlurmVersion.ofWord(word)).isEmpty();
    }

    @Test
    void theCommonOneIsSpoken() {
        assertThat(SlurmVersion.COMMON.spoken()).isTrue();
    }
}
