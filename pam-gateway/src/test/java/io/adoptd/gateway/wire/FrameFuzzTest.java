package io.adoptd.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.gateway.wire.Reply.Answer;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Uid;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Frames as a broken or hostile peer may send them. What can be read can be written, and what was written is read as the
 * same; it need not be the same bytes, for fields may come in any order and some may be skipped.
 */
class FrameFuzzTest {

    @MethodSource("requests")
    @FuzzTest
    void anyBytesAreARequestOrAreRefused(byte[] frame) {
        Hostile.readsCheaply(frame, () -> {
            try {
                Request request = Request.decode(frame);
                byte[] written = request.fold(LoginRequest::encode, Request.Ping::encode, Request.Command::encode);
                assertThat(written.length).isLessThanOrEqualTo(FrameLimits.HEADER + FrameLimits.REQUEST_BODY);
                assertThat(Request.decode(written)).isEqualTo(withoutControls(request));
            } catch (FrameException refused) {
                assertThat(refused.reason()).isIn("bad_frame", "bad_version");
            }
        });
    }

    @MethodSource("replies")
    @FuzzTest
    void anyBytesAreAReplyOrAreRefused(byte[] frame) {
        Hostile.readsCheaply(frame, () -> {
            try {
                Reply reply = Reply.decode(frame);
                byte[] written = reply.encode();
                assertThat(written.length).isLessThanOrEqualTo(FrameLimits.HEADER + FrameLimits.REPLY_BODY);
                assertThat(Reply.decode(written).encode()).isEqualTo(written);
                if (reply instanceof VerdictReply verdict) {
                    assertThat(verdict.reason()).matches("[a-z0-9_]{1,64}");
                    assertThat(String.valueOf(verdict.message())).doesNotContainPattern("[\\x00-\\x1f\\x7f-\\x9f]");
                    assertThat(verdict.namespaces()).hasSizeLessThanOrEqualTo(8);
                }
            } catch (FrameException refused) {
                assertThat(refused.reason()).isIn("bad_frame", "bad_version");
            }
        });
    }

    static Stream<byte[]> requests() {
        return Stream.of(
                login(Phase.ACCOUNT, "192.0.2.1", null).encode(),
                login(Phase.SESSION, "2001:db8::1", new JobId(7)).encode(),
                new Request.Ping().encode(),
                new Request.Command("reload", "all").encode());
    }

    static Stream<byte[]> replies() {
        return Stream.of(
                new VerdictReply(
                                Answer.SUCCESS,
                                "only_job",
                                "welcome",
                                List.of("SLURM_JOB_ID=7", "DISPLAY=localhost:10.0"),
                                List.of(0x2000_0000, 0x1000_0000, 0x2_0000, 0),
                                "a",
                                "steps_ms=1")
                        .encode(),
                new Pong("1.0", 241, 5, 6, "c1", "/etc/slurm/slurm.conf").encode(),
                new Report(true, List.of("adoptd.conf: read", "log.level = debug")).encode(),
                new Refused("busy", "more than 3 logins at once").encode());
    }

    /** What a writer makes of text that has no place on a line: the module's own texts may have some. */
    private static Request withoutControls(Request request) {
        return request.fold(
                login -> new LoginRequest(
                        login.phase(),
                        spaced(login.user()),
                        login.uid(),
                        spaced(login.service()),
                        login.options(),
                        login.patience(),
                        login.connection(),
                        login.node(),
                        login.rhost() == null ? null : spaced(login.rhost()),
                        login.job()),
                ping -> ping,
                command -> new Request.Command(
                        command.name(), command.argument() == null ? null : spaced(command.argument())));
    }

    private static String spaced(String text) {
        return text.replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", " ");
    }

    private static LoginRequest login(Phase phase, String source, @Nullable JobId job) {
        return new LoginRequest(
                phase,
                "alice",
                new Uid(2001),
                "sshd",
                Samples.USUAL.with(new Switches(true, true, false)),
                Duration.ofSeconds(4),
                new Connection(Samples.endpoint(source, 40_000), Samples.endpoint(source, 22)),
                new NodeName("c1"),
                "login.cluster",
                job);
    }
}
