package io.adoptd.slurmd.message;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Unpacker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReturnCodeTest {

    @ParameterizedTest
    @CsvSource({"00000000, 0", "0000138b, 5003", "ffffffff, 4294967295"})
    void aPlainOneIsItsNumber(String body, long code) {
        var read = ReturnCode.decode(new Unpacker(hex(body)));
        assertThat(read).isEqualTo(new ReturnCode(ReturnCode.RC, code, null));
        assertThat(read.encode()).isEqualTo(hex(body));
        raisesNothingButDecodeException(hex(body), bytes -> ReturnCode.decode(new Unpacker(bytes)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"000007d2 00000003 6e6f00", "000007d2 00000001 00", "000007d2 00000000"})
    void oneWithAMessageMayLackIt(String body) {
        var read = ReturnCode.decodeWithMessage(new Unpacker(hex(body)));
        assertThat(read.code()).isEqualTo(2002);
        assertThat(read.encode()).isEqualTo(hex(body));
        raisesNothingButDecodeException(hex(body), bytes -> ReturnCode.decodeWithMessage(new Unpacker(bytes)));
    }

    @Test
    void aLongerBodyIsMisread() {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> ReturnCode.decode(new Unpacker(hex("00000000 00"))));
    }
}
