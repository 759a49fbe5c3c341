package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.wire.DecodeException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** A user's process may sit on a slurmstepd's socket once the step has ended, and a slurmstepd may be of any release. */
class ConversationFuzzTest {

    private static final int PID = 241;

    private static final int MOST_TASKS = 4096;
    private static final int LONGEST_FIELD = MOST_TASKS * StepTask.LENGTH;
    private static final int MOST_NAMESPACES = 8;
    private static final int MOST_HEARD = 3 * Integer.BYTES + LONGEST_FIELD;

    /** Every question is put to the same bytes. */
    private static final List<Exchange<?>> QUESTIONS = List.of(
            Requests.extern(),
            Requests.adopt(7, new Uid(2001), PID),
            Requests.adopt(7, new Uid(2001), 0),
            peer -> Requests.uid(Turn.Done::new),
            peer -> Requests.sluid(sluid -> new Turn.Done<>(String.valueOf(sluid))),
            peer -> Requests.state(peer.version(), Turn.Done::new),
            peer -> Requests.daemonPid(Turn.Done::new),
            peer -> Requests.pidInContainer(7, Turn.Done::new),
            peer -> Requests.addExternPid(7, Turn.Done::new),
            peer -> Requests.taskInfo(Turn.Done::new),
            peer -> Requests.listPids(Turn.Done::new),
            peer -> Requests.x11Display(Turn.Done::new),
            peer -> Requests.namespaces(peer.version(), Turn.Done::new));

    @MethodSource("recorded")
    @FuzzTest
    void whateverASlurmstepdSaysIsAnAnswerOrIsRefused(byte[] said) {
        Hostile.readsCheaply(said, () -> QUESTIONS.forEach(question -> converse(question, said)));
    }

    static Stream<byte[]> recorded() {
        return Stream.concat(
                Recorded.all().map(recorded -> recorded.stepd),
                Stream.of(
                        OnPaper.words(0x2A00, 10, 3, 0x00612f),
                        OnPaper.words(0x2D00, 2, 0x0002_0000, 0x10000000, 0x20000000)));
    }

    private static <T> void converse(Exchange<T> exchange, byte[] said) {
        try {
            OnPaper<T> paper = OnPaper.of(
                    Requests.hello(exchange.early(PID), version -> exchange.with(new Exchange.Peer(version, PID))),
                    said);
            assertThat(paper.longest()).isLessThanOrEqualTo(LONGEST_FIELD);
            assertThat(said.length - paper.left()).isLessThanOrEqualTo(MOST_HEARD);
            assertThat(paper.taken()).isLessThanOrEqualTo(MOST_NAMESPACES);
            if (paper.answer() instanceof X11Display x11) {
                assertThat(x11.display()).isBetween(0, 65_535);
                assertThat(String.valueOf(x11.xauthority())).doesNotContainPattern("\\p{Cntrl}");
            } else if (paper.answer() instanceof List<?> list) {
                assertThat(list).hasSizeLessThanOrEqualTo(MOST_TASKS);
                assertThat(list.stream().filter(Namespace.class::isInstance).map(Namespace.class::cast))
                        .extracting(Namespace::fd)
                        .containsExactlyElementsOf(IntStream.range(0, paper.taken())
                                .mapToObj(n -> OnPaper.FIRST_FD + n)
                                .toList());
            }
        } catch (DecodeException refused) {
            assertThat(refused.offset()).isBetween(0, said.length);
        }
    }
}
