package io.adoptd.slurmd.wire;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackerTest {

    @Test
    void integersAreBigEndianAndUnsigned() {
        var in = new Unpacker(hex("fffe fffffffe 8000000000000001"));
        assertThat(in.uint16("a")).isEqualTo(0xfffe);
        assertThat(in.uint32("b")).isEqualTo(0xffff_fffeL);
        assertThat(in.uint64("c")).isEqualTo(0x8000_0000_0000_0001L);
        assertThat(in.left()).isZero();
    }

    @Test
    void aStringThatIsNullIsNotAnEmptyOne() {
        var in = new Unpacker(hex("00000000 00000001 00 00000002 6100"));
        assertThat(in.nullableString("a", 9)).isNull();
        assertThat(in.nullableString("b", 9)).isEmpty();
        assertThat(in.string("c", 9)).isEqualTo("a");
    }

    @Test
    void aStringThatMustBeThereMayNotBeNull() {
        refuses("00000000", in -> in.string("name", 9), "name", 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000003 616263", // no NUL at its end
                "00000003 610062", // nor here
                "00000003 610000", // one inside as well
                "00000003 6100", // cut short
                "00000003 c3a9", // cut short
                "00000002 ff00", // not UTF-8
                "00000003 c0af00", // nor this: an overlong slash
                "00000005 6162636400", // one too long
                "40000000 6100", // 1 GiB
                "ffffffff 6100" // more than an int holds
            })
    void aStringThatIsNotWhatItSaysIsRefusedWhereItBegins(String text) {
        refuses("0000" + text, in -> in.uint16("before") + in.string("name", 3), "name");
    }

    @Test
    void aBoundIsCheckedBeforeAnythingIsAllocated() {
        refuses("7fffffff", in -> in.mem("ip_src", 16), "ip_src", 0);
        refuses("7fffffff", in -> in.mem("ip_src", Integer.MAX_VALUE), "ip_src", 4);
    }

    @Test
    void whatIsCutShortIsRefused() {
        refuses("00", in -> in.uint16("a"), "a", 0);
        refuses("000000", in -> in.uint32("a"), "a", 0);
        refuses("00000000000000", in -> in.uint64("a"), "a", 0);
        refuses("000000020a", in -> in.mem("a", 2), "a", 4);
        refuses("0a", in -> in.raw("a", 2), "a", 0);
    }

    @Test
    void leftoversMeanThatWeMisreadIt() {
        refuses(
                "0001 02",
                in -> {
                    int value = in.uint16("a");
                    return in.end(value);
                },
                "end",
                2);
    }

    @Test
    void aFaultNamesItsFieldAndPlace() {
        assertThat(new DecodeException("node_name", 8, "no string"))
                .hasMessage("node_name at 8: no string")
                .extracting(DecodeException::field, DecodeException::offset)
                .containsExactly("node_name", 8);
    }

    private static void refuses(String text, Function<Unpacker, ?> read, String field) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> read.apply(new Unpacker(hex(text))))
                .returns(field, DecodeException::field);
    }

    private static void refuses(String text, Function<Unpacker, ?> read, String field, int offset) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> read.apply(new Unpacker(hex(text))))
                .returns(field, DecodeException::field)
                .returns(offset, DecodeException::offset);
    }
}
