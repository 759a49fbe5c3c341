package io.adoptd.slurmd.wire;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class PackerTest {

    @Test
    void integersAreBigEndianAndUnsigned() {
        var out = new Packer().uint16(0xfffe).uint32(0xffff_fffeL).uint64(-2);
        assertThat(out.packed()).isEqualTo(hex("fffe fffffffe fffffffffffffffe"));
    }

    @Test
    void aCountStandsBeforeMemory() {
        assertThat(new Packer().mem(hex("0a0b")).mem(Bytes.NONE).packed()).isEqualTo(hex("00000002 0a0b 00000000"));
    }

    @Test
    void aStringCountsItsNulAndANullOneIsACountAlone() {
        var out = new Packer().string("nodeA").string("").string(null);
        assertThat(out.packed()).isEqualTo(hex("00000006 6e6f64654100 00000001 00 00000000"));
    }

    @Test
    void whatDoesNotFitIsOurBug() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Packer().uint16(0x1_0000));
        assertThatIllegalArgumentException().isThrownBy(() -> new Packer().uint16(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Packer().uint32(0x1_0000_0000L));
        assertThatIllegalArgumentException().isThrownBy(() -> new Packer().uint32(-1));
    }
}
