package io.adoptd.slurmd.wire;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderTest {

    private static final String REQUEST = "2A00 0000 13AB 00000034 0000 0000 0000";
    private static final String WITH_ADDRESS = "2B00 0040 1F41 00000004 0000 0000 0002 0100007F 8682";

    @Test
    void aRequestHasSixteenBytes() {
        Bytes packed = encode(Header.ofRequest(SlurmVersion.V24_11, 5035, 52));
        assertThat(packed).isEqualTo(hex(REQUEST));
        assertThat(packed.size()).isEqualTo(Header.MIN_BYTES);
    }

    @ParameterizedTest
    @EnumSource
    void itDiffersBetweenVersionsInTheWordAlone(SlurmVersion version) {
        Bytes packed = encode(Header.ofRequest(version, 5035, 52));
        assertThat(packed.toHex().substring(4)).isEqualTo(hex(REQUEST).toHex().substring(4));
        assertThat(decode(packed).version()).isEqualTo(version);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                REQUEST,
                WITH_ADDRESS,
                "2D00 0044 1F41 00000004 0000 0000 000a 00000010 20010db800000000000000000000000a 409c"
            })
    void itIsReadAndWrittenBack(String text) {
        assertThat(encode(decode(hex(text)))).isEqualTo(hex(text));
        raisesNothingButDecodeException(hex(text), HeaderTest::decode);
    }

    @ParameterizedTest
    @CsvSource({"0x0000, true", "0x0040, false", "0x0044, false", "0x0004, true", "0xffbf, true"})
    void oneBitOfTheFlagsSaysThatThereIsNoAuth(int flags, boolean hasAuth) {
        var header = new Header(SlurmVersion.V26_05, flags, 8001, 4, SlurmAddr.UNSPECIFIED);
        assertThat(header.hasAuth()).isEqualTo(hasAuth);
    }

    @ParameterizedTest
    @CsvSource({
        "2500 0000 13AB 00000034 0000 0000 0000,          version",
        "2E00 0000 13AB 00000034 0000 0000 0000,          version",
        "2A00 0000 13AB 00000034 0001 0000 0000,          forward.cnt",
        "2A00 0000 13AB 00000034 0000 0001 0000,          ret_cnt",
        "2A00 0000 13AB 00000034 0000 0000 0001,          orig_addr.family",
        "2A00 0000 13AB 00000034 0000 0000 000a 00000004, orig_addr.sin6_addr",
        "2A00 0000 13AB 00000034 0000 0000 000a 00000004 01020304 0016, orig_addr.sin6_addr",
        "2A00 0000 13AB 00000034 0000 0000 000a 40000000, orig_addr.sin6_addr"
    })
    void whatNobodyAskedForIsRefused(String text, String field) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> decode(hex(text)))
                .returns(field, DecodeException::field);
    }

    private static Header decode(Bytes bytes) {
        return Header.decode(new Unpacker(bytes));
    }

    private static Bytes encode(Header header) {
        var out = new Packer();
        header.encode(out);
        return out.packed();
    }
}
