package io.adoptd.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adoptd.gateway.wire.Reply.Answer;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Uid;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the codec against the examples of docs/gateway-frame.md. */
class FrameTest {

    private static final String LOGIN = "41444F50 02 01 0044 0001 0005 616C696365 0002 0004 000007D1 0003 0004 73736864"
            + " 0004 0004 02010203 0005 0004 00000FA0 0006 000D 04 0A000001 9C40 0A000002 0016"
            + " 0008 0001 01 0009 0001 03";
    private static final String VERDICT = "41444F50 02 81 0028 0001 0001 01 0002 0008 6F6E6C795F6A6F62"
            + " 0004 000E 534C55524D5F4A4F425F49443D37 8001 0001 61";
    private static final String PING = "41444F50 02 02 0000";

    private static final LoginRequest ALICE = new LoginRequest(
            Phase.ACCOUNT,
            "alice",
            new Uid(2001),
            "sshd",
            Samples.USUAL,
            Duration.ofSeconds(4),
            new Connection(Samples.endpoint("10.0.0.1", 40_000), Samples.endpoint("10.0.0.2", 22)),
            null,
            null,
            null);

    private static final VerdictReply ADOPTED =
            new VerdictReply(Answer.SUCCESS, "only_job", null, List.of("SLURM_JOB_ID=7"), List.of(), "a", null);

    @Test
    void theExamplesOfThePageAreWhatIsSpoken() throws FrameException {
        assertThat(Request.decode(bytes(LOGIN))).isEqualTo(ALICE);
        assertThat(ALICE.encode()).isEqualTo(bytes(LOGIN));
        assertThat(Request.decode(bytes(PING))).isEqualTo(new Request.Ping());
        assertThat(new Request.Ping().encode()).isEqualTo(bytes(PING));
        assertThat(Reply.decode(bytes(VERDICT))).isEqualTo(ADOPTED);
        assertThat(ADOPTED.encode()).isEqualTo(bytes(VERDICT));
    }

    @Test
    void everyFieldComesBack() throws FrameException {
        var full = new LoginRequest(
                Phase.SESSION,
                "ålice",
                new Uid(4_294_967_294L),
                "login",
                Samples.STRICT.with(new Switches(false, false, true)),
                Duration.ofMillis(100),
                new Connection(Samples.endpoint("2001:db8::1", 1), Samples.endpoint("2001:db8::2", 65_535)),
                new NodeName("c1"),
                "login.cluster",
                new JobId(4_294_967_279L));
        assertThat(Request.decode(full.encode())).isEqualTo(full);
        var pong = new Pong("1.0", 4_294_967_295L, 5, 6, "c1", "/etc/slurm/slurm.conf");
        assertThat(Reply.decode(pong.encode())).isEqualTo(pong);
        var refused = new Refused("busy", "more than 3 logins at once");
        assertThat(Reply.decode(refused.encode())).isEqualTo(refused);
        var denied = new VerdictReply(Answer.DENY, "no_jobs", "no", List.of(), List.of(), "zz", "steps=0");
        assertThat(Reply.decode(denied.encode())).isEqualTo(denied);
        var contained = new VerdictReply(
                Answer.SUCCESS, "only_job", null, List.of(), List.of(0x2000_0000, 0x1000_0000, 0x2_0000, 0), "a", null);
        assertThat(Reply.decode(contained.encode())).isEqualTo(contained);
    }

    @ParameterizedTest
    @MethodSource("frames")
    void aFrameCutAnywhereIsUnreadable(byte[] frame) {
        for (int length = 0; length < frame.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(frame, length);
            assertThatThrownBy(() -> either(cut)).isInstanceOf(FrameException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("frames")
    void aChangedByteIsReadOrRefusedAndNothingElse(byte[] frame) {
        for (int at = 0; at < frame.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = frame.clone();
                changed[at] = (byte) value;
                try {
                    either(changed);
                } catch (FrameException refused) {
                    assertThat(refused.reason()).isIn("bad_frame", "bad_version");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "41444F50 01 02 0000, bad_version",
        "41444F51 02 02 0000, bad_frame",
        "41444F50 02 03 0000, bad_frame",
        "41444F50 02 81 0000, bad_frame",
        "41444F50 02 02 0001 00, bad_frame",
        "41444F50 02 02 0004 7FFF 0000, bad_frame",
        "41444F50 02 02 0004 0001 0001, bad_frame"
    })
    void whatIsNoRequestIsRefused(String hex, String reason) {
        assertThatThrownBy(() -> Request.decode(bytes(hex)))
                .isInstanceOfSatisfying(
                        FrameException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void aFieldForLogsMayBeUnknown() throws FrameException {
        assertThat(Request.decode(bytes("41444F50 02 02 0005 FFFE 0001 AA"))).isEqualTo(new Request.Ping());
    }

    @ParameterizedTest
    @CsvSource({
        "0002 0004 000007D1, 0002 0004 00000000, uid",
        "0002 0004 000007D1, 0002 0004 FFFFFFFF, uid",
        "0004 0004 02010203, 0004 0004 03010203, action_no_jobs",
        "0004 0004 02010203, 0004 0004 02000203, action_unknown",
        "0005 0004 00000FA0, 0005 0004 00000063, patience",
        "0005 0004 00000FA0, 0005 0004 0000EA61, patience",
        "0006 000D 04 0A000001 9C40, 0006 000D 06 0A000001 9C40, connection",
        "0006 000D 04 0A000001 9C40, 0006 000D 04 0A000001 0000, connection",
        "0003 0004 73736864, 0003 0004 73730064, service",
        "0003 0004 73736864, 0003 0004 7373FF64, service",
        "0003 0004 73736864, 0001 0004 73736864, field 1",
        "0008 0001 01, 0008 0001 04, phase",
        "0008 0001 01, 0008 0001 00, phase",
        "0009 0001 03, 0009 0001 08, switches",
        "0009 0001 03, 0009 0001 80, switches"
    })
    void aValueOutOfItsTableIsRefusedByName(String good, String bad, String field) {
        String frame = LOGIN.replace(good, bad);
        assertThat(frame).isNotEqualTo(LOGIN);
        assertThatThrownBy(() -> Request.decode(bytes(frame)))
                .isInstanceOf(FrameException.class)
                .hasMessageStartingWith(field);
    }

    @ParameterizedTest
    @CsvSource({
        "41444F50 02 81 000A 0001 0001 01 0002 0001 41, reason",
        "41444F50 02 81 000F 0001 0001 01 0002 0001 61 0003 0001 0A, message",
        "41444F50 02 81 0010 0001 0001 01 0002 0001 61 0003 0002 C285, message",
        "41444F50 02 81 000F 0001 0001 01 0002 0001 61 8002 0001 1B, detail",
        "41444F50 02 81 0012 0001 0001 01 0002 0001 61 0005 0004 00000001, namespace",
        "41444F50 02 FF 000A 0001 0001 2D 0002 0001 61, reason",
        "41444F50 02 FF 000A 0001 0001 61 0002 0001 7F, message"
    })
    void aReplyIsHeldAgainstTheSameTablesAsTheModuleDoes(String frame, String field) {
        assertThatThrownBy(() -> Reply.decode(bytes(frame)))
                .isInstanceOf(FrameException.class)
                .hasMessageStartingWith(field);
    }

    @Test
    void aJobIsNamedInTheSessionPhaseOnly() throws FrameException {
        String frame = "41444F50 02 01 003B 0001 0005 616C696365 0002 0004 000007D1 0003 0004 73736864"
                + " 0004 0004 02010203 0005 0004 00000FA0 0008 0001 %s 0009 0001 03 000A 0004 %s";
        assertThat(Request.decode(bytes(frame.formatted("03", "00000007"))))
                .isInstanceOfSatisfying(
                        LoginRequest.class, login -> assertThat(login.job()).isEqualTo(new JobId(7)));
        assertThatThrownBy(() -> Request.decode(bytes(frame.formatted("01", "00000007"))))
                .hasMessageStartingWith("job");
        assertThatThrownBy(() -> Request.decode(bytes(frame.formatted("03", "FFFFFFF0"))))
                .hasMessageStartingWith("job");
    }

    @Test
    void aTextIsCutAtACharacterAndKeepsNoControls() throws FrameException {
        var long1 = new VerdictReply(Answer.DENY, "x", "é".repeat(200) + "\n", List.of(), List.of(), "l", "a\nb");
        VerdictReply read = (VerdictReply) Reply.decode(long1.encode());
        assertThat(read.message()).isEqualTo("é".repeat(128));
        assertThat(read.detail()).isEqualTo("a b");
    }

    static Stream<byte[]> frames() {
        return Stream.of(bytes(LOGIN), bytes(VERDICT), new Pong("1", 1, 2, 3, "c1", "x").encode());
    }

    private static Object either(byte[] frame) throws FrameException {
        try {
            return Request.decode(frame);
        } catch (FrameException noRequest) {
            return Reply.decode(frame);
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
