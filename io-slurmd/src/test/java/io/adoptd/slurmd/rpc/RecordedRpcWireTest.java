package io.adoptd.slurmd.rpc;

import static io.adoptd.slurmd.wire.Mangled.changes;
import static io.adoptd.slurmd.wire.Mangled.cuts;
import static io.adoptd.slurmd.wire.Mangled.readsOrSaysThatItCannot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Indeterminate;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What real slurmds and their real client said to each other. */
class RecordedRpcWireTest {

    private static final String UNSUPPORTED_WORD = "callerid-unsupported-word";

    @Test
    void thereAreRecordingsOfWhatIsSpoken() {
        assertThat(Recording.rpcs().map(Recording::version)).contains("24.11", "26.05");
    }

    @ParameterizedTest
    @MethodSource("frames")
    void itIsReadAndWrittenBack(Recording recording) {
        assertThat(RpcFrame.decode(recording.bytes()).encode()).isEqualTo(recording.bytes());
    }

    @ParameterizedTest
    @MethodSource("io.adoptd.slurmd.rpc.Recording#rpcs")
    void mangledItIsReadOrRefused(Recording recording) {
        var mangled = Stream.concat(cuts(recording.bytes()), changes(recording.bytes(), 0x01, 0x10, 0x80, 0xff));
        readsOrSaysThatItCannot(mangled, bytes -> Reply.read(bytes, SlurmVersion.COMMON));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void ourRequestIsTheOneOfTheRealClient(Recording recording) {
        RpcFrame frame = RpcFrame.decode(recording.bytes());
        var request = NetworkCalleridRequest.decode(new Unpacker(frame.body()));
        AuthBlock auth = Objects.requireNonNull(frame.auth());
        var ours = RpcFrame.request(frame.header().version(), NetworkCalleridRequest.TYPE, auth, request.encode());
        assertThat(ours.encode()).isEqualTo(recording.bytes());
    }

    @ParameterizedTest
    @MethodSource("withCredential")
    void itsCredentialIsBoundToItUnlessItWasMeantNotToBe(Recording recording) {
        RpcFrame frame = RpcFrame.decode(recording.bytes());
        boolean bound =
                BodyHash.binds(recording.payload().orElseThrow(), frame.header().messageType(), frame.body());
        assertThat(bound).isEqualTo(!recording.name().equals("rpc-callerid-bad-hash-request"));
    }

    @ParameterizedTest
    @MethodSource("replies")
    void aReplySaysWhatItWasRecordedFor(Recording recording) {
        Reply reply = Reply.read(recording.bytes(), wordOf(recording));
        if (recording.isOf("callerid-found")) {
            assertThat(answer(reply)).isEqualTo(new SourceJob(new JobId(1)));
        } else if (recording.isOf("callerid-not-found")) {
            assertThat(answer(reply)).isEqualTo(new Indeterminate());
        } else if (recording.isOf("callerid-bad-hash")) {
            assertThat(reply).isEqualTo(new Reply.Code(5003));
        } else if (recording.isOf("callerid-bad-credential")) {
            assertThat(reply).isEqualTo(new Reply.Code(1007));
        } else if (recording.isOf("job-id-unknown")) {
            assertThat(reply).isEqualTo(new Reply.Code(2017));
        } else {
            assertThat(recording.isOf(UNSUPPORTED_WORD)).isTrue();
            assertThat(reply).isEqualTo(new Reply.Unspoken("answered in HTTP"));
        }
    }

    @ParameterizedTest
    @MethodSource("unsupported")
    void aWordWithoutPlaceIsRefused(Recording recording) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> RpcFrame.decode(recording.bytes()))
                .returns("version", DecodeException::field);
    }

    static Stream<Recording> frames() {
        return Recording.rpcs().filter(recording -> !recording.isOf(UNSUPPORTED_WORD));
    }

    static Stream<Recording> withCredential() {
        return frames().filter(recording -> recording.payload().isPresent());
    }

    static Stream<Recording> requests() {
        return frames().filter(
                        recording -> recording.isRequest() && recording.name().startsWith("rpc-callerid-"));
    }

    static Stream<Recording> replies() {
        return Recording.rpcs().filter(recording -> !recording.isRequest());
    }

    static Stream<Recording> unsupported() {
        return Recording.rpcs().filter(recording -> recording.isRequest() && recording.isOf(UNSUPPORTED_WORD));
    }

    /** A slurmd answers in the word of the request; HTTP has none. */
    private static SlurmVersion wordOf(Recording recording) {
        return RpcFrame.isHttp(recording.bytes())
                ? SlurmVersion.COMMON
                : RpcFrame.decode(recording.bytes()).header().version();
    }

    private static CalleridAnswer answer(Reply reply) {
        return ((Reply.Callerid) reply).response().toAnswer();
    }
}
