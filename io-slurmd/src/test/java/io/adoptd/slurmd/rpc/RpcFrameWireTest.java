package io.adoptd.slurmd.rpc;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.message.ReturnCode;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RpcFrameWireTest {

    private static final String AUTH = "00000065 0000000C 4D554E47453A414141413A00";
    private static final String REQUEST_BODY = """
            00000010 C000020A000000000000000000000000 00000010 C0000214000000000000000000000000 \
            00009C40 00000016 00000002""";
    private static final String REQUEST = "00000058 2A00 0000 13AB 00000034 0000 0000 0000" + AUTH + REQUEST_BODY;
    private static final String SHORT_REPLY =
            "00000036 2A00 0000 13AC 00000012 0000 0000 0000" + AUTH + "00000002 00000000 00000006 6E6F64654100";
    private static final String LONG_REPLY = "00000046 2D00 0000 13AC 00000022 0000 0000 0000" + AUTH
            + "0000000000000000 00000002 FFFFFFFE FFFFFFFE 00000000 00000006 6E6F64654100";
    private static final String CODE_OF_25_05 =
            "0000001A 2B00 0040 1F41 00000004 0000 0000 0002 0100007F 8682 000003EF";

    @Test
    void aRequestIsTheWorkedOne() {
        var auth = new AuthBlock(AuthPlugin.MUNGE, new Token("MUNGE:AAAA:"));
        var frame = RpcFrame.request(SlurmVersion.V24_11, NetworkCalleridRequest.TYPE, auth, hex(REQUEST_BODY));
        assertThat(frame.encode()).isEqualTo(hex(REQUEST));
        assertThat(frame.encode().size()).isEqualTo(92);
    }

    @Test
    void repliesAreTheWorkedOnes() {
        var body = new NetworkCalleridResponse(0, 2, 0xffff_fffeL, 0xffff_fffeL, 0, "nodeA");
        assertThat(NetworkCalleridResponse.decode(body(SHORT_REPLY), SlurmVersion.V24_11))
                .isEqualTo(body);
        assertThat(NetworkCalleridResponse.decode(body(LONG_REPLY), SlurmVersion.V26_05))
                .isEqualTo(body);
    }

    @Test
    void aReturnCodeWithoutCredentialIsTheCapturedOne() {
        RpcFrame frame = RpcFrame.decode(hex(CODE_OF_25_05));
        assertThat(frame.auth()).isNull();
        assertThat(frame.header().version()).isEqualTo(SlurmVersion.V25_05);
        assertThat(ReturnCode.decode(new Unpacker(frame.body())).code()).isEqualTo(ReturnCode.AUTHENTICATION_ERROR);
    }

    @ParameterizedTest
    @ValueSource(strings = {REQUEST, SHORT_REPLY, LONG_REPLY, CODE_OF_25_05})
    void itIsReadAndWrittenBack(String text) {
        assertThat(RpcFrame.decode(hex(text)).encode()).isEqualTo(hex(text));
        raisesNothingButDecodeException(hex(text), RpcFrame::decode);
    }

    @ParameterizedTest
    @CsvSource({
        "frame_len,   00000000",
        "frame_len,   0000000B 2A00 0000 1F41 00000004 00",
        "frame_len,   0000000F 2A00 0040 1F41 00000000 0000 0000 00",
        "frame_len,   00010001 2A00",
        "frame_len,   40000001 2A00",
        "frame_len,   FFFFFFFF 2A00",
        "frame_len,   48545450 2F31",
        "frame_len,   00000014 2A00 0040 1F41 00000004 0000 0000 0000 000003",
        "frame_len,   00000014 2A00 0040 1F41 00000004 0000 0000 0000 00000000 00",
        "version,     00000014 2E00 0040 1F41 00000004 0000 0000 0000 00000000",
        "ret_cnt,     00000014 2A00 0040 1F41 00000004 0000 0001 0000 00000000",
        "plugin_id,   00000018 2A00 0000 1F41 00000004 0000 0000 0000 00000064 00000000",
        "credential,  00000018 2A00 0000 1F41 00000000 0000 0000 0000 00000065 00000000",
        "credential,  00000018 2A00 0000 1F41 00000000 0000 0000 0000 00000065 00000400",
        "body_length, 00000014 2A00 0040 1F41 00000005 0000 0000 0000 00000000",
        "body_length, 00000014 2A00 0040 1F41 00000003 0000 0000 0000 00000000",
        "body_length, 00000014 2A00 0040 1F41 FFFFFFFF 0000 0000 0000 00000000"
    })
    void whatIsNotOneWholeFrameIsRefused(String field, String text) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> RpcFrame.decode(hex(text)))
                .returns(field, DecodeException::field);
    }

    private static Unpacker body(String frame) {
        Bytes whole = hex(frame);
        return new Unpacker(RpcFrame.decode(whole).body());
    }
}
