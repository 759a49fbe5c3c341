package io.adoptd.slurmd.auth;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.Unpacker;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuthBlockTest {

    @ParameterizedTest
    @CsvSource({"MUNGE, 00000065 0000000C 4D554E47453A414141413A00", "SLURM, 00000067 0000000C 4D554E47453A414141413A00"
    })
    void itIsReadAndWrittenBack(AuthPlugin plugin, String text) {
        AuthBlock block = decode(hex(text));
        assertThat(block).isEqualTo(new AuthBlock(plugin, new Token("MUNGE:AAAA:")));
        var out = new Packer();
        block.encode(out);
        assertThat(out.packed()).isEqualTo(hex(text));
        raisesNothingButDecodeException(hex(text), AuthBlockTest::decode);
    }

    @ParameterizedTest
    @CsvSource({
        "plugin_id,  00000064 00000002 4100",
        "plugin_id,  00000066 00000002 4100",
        "plugin_id,  ffffffff 00000002 4100",
        "credential, 00000065 00000000",
        "credential, 00000065 00000001 00",
        "credential, 00000065 00000002 4141",
        "credential, 00000065 00000003 4100",
        "credential, 00000065 00000003 410a00",
        "credential, 00000065 40000000 4100"
    })
    void whatIsNoCredentialIsRefused(String field, String text) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> decode(hex(text)))
                .returns(field, DecodeException::field);
    }

    private static AuthBlock decode(Bytes bytes) {
        return AuthBlock.decode(new Unpacker(bytes));
    }
}
