package io.adoptd.slurmd.stepd;

import static io.adoptd.slurmd.stepd.OnPaper.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.wire.DecodeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestsTest {

    private static final StepdVersion V22_05 = new StepdVersion(0x2600);
    private static final StepdVersion V23_11 = new StepdVersion(0x2800);
    private static final StepdVersion V25_05 = new StepdVersion(0x2B00);
    private static final StepdVersion V25_11 = new StepdVersion(0x2C00);
    private static final int PLENTY = 8192;

    @ParameterizedTest
    @ValueSource(ints = {0x2600, 0x2700, 0x2800, 0x2900, 0x2A00, 0x2B00, 0x2C00, 0x2D00, 0x2E00, 0xff00})
    void everySlurmSince2205IsGreetedAlike(int word) {
        OnPaper<StepdVersion> paper = OnPaper.of(Requests.hello(Turn.Done::new), words(word));
        assertThat(paper.said()).containsExactly(0x2D00);
        assertThat(paper.answer()).isEqualTo(new StepdVersion(word));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 0x2500, 0x2601, 0x1_0000, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void anotherWordIsRefused(int word) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.hello(Turn.Done::new), words(word)))
                .satisfies(e -> assertThat(e.field()).isEqualTo("version"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "102, 102", "-2, 4294967294"})
    void theUidIsUnsigned(int word, long uid) {
        OnPaper<Uid> paper = OnPaper.of(Requests.uid(Turn.Done::new), words(word));
        assertThat(paper.said()).containsExactly(20);
        assertThat(paper.answer()).isEqualTo(new Uid(uid));
    }

    @Test
    void theLastUidIsNone() {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.uid(Turn.Done::new), words(-1)));
    }

    @Test
    void theSluidIsText() {
        OnPaper<Sluid> paper = OnPaper.of(Requests.sluid(Turn.Done::new), sluid(0x2FD6881D5E138800L));
        assertThat(paper.said()).containsExactly(1);
        assertThat(paper.answer()).isEqualTo(new Sluid("s2ZNM83NF17200"));
    }

    @Test
    void theSluidUsesAllItsBits() {
        assertThat(Sluid.ofNumber(-1)).isEqualTo(new Sluid("sFZZZZZZZZZZZZ"));
        assertThat(Sluid.ofNumber(1)).isEqualTo(new Sluid("s0000000000001"));
        assertThat(Sluid.ofNumber(0)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0x2600, 0, NOT_RUNNING",
        "0x2600, 1, STARTING",
        "0x2600, 2, RUNNING",
        "0x2600, 3, ENDING",
        "0x2700, 3, ENDING",
        "0x2800, 3, CANCELLED",
        "0x2800, 4, ENDING",
        "0x2D00, 2, RUNNING",
        "0x2D00, 4, ENDING"
    })
    void aStateMeansWhatItMeansInThatRelease(String word, int state, StepState meaning) {
        var version = new StepdVersion(Integer.decode(word));
        OnPaper<StepState> paper = OnPaper.of(Requests.state(version, Turn.Done::new), words(state));
        assertThat(paper.said()).containsExactly(5);
        assertThat(paper.answer()).isEqualTo(meaning);
    }

    @ParameterizedTest
    @CsvSource({"0x2600, 4", "0x2700, 4", "0x2800, 5", "0x2D00, 5", "0x2D00, -1"})
    void anUnknownStateIsRefusedWithItsNumber(String word, int state) {
        var version = new StepdVersion(Integer.decode(word));
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.state(version, Turn.Done::new), words(state)))
                .withMessageContaining(Integer.toString(state));
    }

    @Test
    void theDaemonsPidIsAPid() {
        OnPaper<Integer> paper = OnPaper.of(Requests.daemonPid(Turn.Done::new), words(4711));
        assertThat(paper.said()).containsExactly(9);
        assertThat(paper.answer()).isEqualTo(4711);
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.daemonPid(Turn.Done::new), words(0)));
    }

    @Test
    void codeAndPidAreSaidTogether() {
        assertThat(OnPaper.of(Requests.addExternPid(6462, Turn.Done::new)).said())
                .containsExactly(22, 6462);
        assertThat(OnPaper.of(Requests.pidInContainer(6462, Turn.Done::new)).said())
                .containsExactly(8, 6462);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1, 4711})
    void whatAddExternPidAnswersIsToldAsItIs(int rc) {
        assertThat(OnPaper.of(Requests.addExternPid(1, Turn.Done::new), words(rc))
                        .answer())
                .isEqualTo(rc);
    }

    @Test
    void aBooleanIsOneByte() {
        assertThat(OnPaper.of(Requests.pidInContainer(1, Turn.Done::new), (byte) 1)
                        .answer())
                .isTrue();
        assertThat(OnPaper.of(Requests.pidInContainer(1, Turn.Done::new), (byte) 0)
                        .answer())
                .isFalse();
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.pidInContainer(1, Turn.Done::new), (byte) -1))
                .withMessageContaining("255");
    }

    // Tasks

    @Test
    void noTaskAndNoPidIsNothingMoreToHear() {
        OnPaper<List<StepTask>> tasks = OnPaper.of(Requests.taskInfo(Turn.Done::new), words(0));
        assertThat(tasks.said()).containsExactly(14);
        assertThat(tasks.answer()).isEmpty();
        OnPaper<List<Integer>> pids = OnPaper.of(Requests.listPids(Turn.Done::new), words(0));
        assertThat(pids.said()).containsExactly(15);
        assertThat(pids.answer()).isEmpty();
    }

    @Test
    void tasksArePacked() {
        OnPaper<List<StepTask>> paper = OnPaper.of(
                Requests.taskInfo(Turn.Done::new),
                joined(words(2), task(0, 7, 4711, 0, -1), task(1, -1, 4712, 1, 256)));
        assertThat(paper.answer())
                .containsExactly(new StepTask(0, 7, 4711, false, -1), new StepTask(1, 0xffff_ffffL, 4712, true, 256));
        assertThat(paper.left()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 4097, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void moreTasksOrPidsThanAStepHasAreRefusedBeforeTheyAreHeard(int count) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.taskInfo(Turn.Done::new), words(count)));
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.listPids(Turn.Done::new), words(count)));
    }

    @Test
    void asManyAsAStepMayHaveAreHeard() {
        byte[] pids = new byte[4 * 4097];
        Arrays.fill(pids, (byte) 1);
        System.arraycopy(words(4096), 0, pids, 0, 4);
        assertThat(OnPaper.of(Requests.listPids(Turn.Done::new), pids).answer()).hasSize(4096);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void whatIsNoPidIsRefused(int pid) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.listPids(Turn.Done::new), words(2, 1, pid)));
    }

    private static byte[] task(int localId, int globalId, int pid, int exited, int status) {
        return joined(words(localId, globalId, pid), new byte[] {(byte) exited}, words(status));
    }

    // X11

    @Test
    void withoutForwardingThereIsNoDisplay() {
        OnPaper<X11Display> paper = OnPaper.of(Requests.x11Display(Turn.Done::new), words(0, 0));
        assertThat(paper.said()).containsExactly(23);
        assertThat(paper.answer()).isEqualTo(new X11Display(0, null));
        assertThat(paper.left()).isZero();
    }

    @Test
    void theDisplayHasItsAuthority() {
        OnPaper<X11Display> paper = OnPaper.of(Requests.x11Display(Turn.Done::new), x11(12, "/run/é.xauth\0"));
        assertThat(paper.answer()).isEqualTo(new X11Display(12, "/run/é.xauth"));
        assertThat(paper.left()).isZero();
    }

    @Test
    void anEmptyAuthorityIsNone() {
        assertThat(OnPaper.of(Requests.x11Display(Turn.Done::new), x11(12, "\0"))
                        .answer())
                .isEqualTo(new X11Display(12, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"no end", "in\0the middle\0", "\0\0", "new\nline\0", "esc\u001b\0"})
    void anAuthorityThatIsNoPathIsRefused(String text) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.x11Display(Turn.Done::new), x11(12, text)))
                .satisfies(e -> assertThat(e.offset()).isEqualTo(8));
    }

    @Test
    void anAuthorityThatIsNotUtf8IsRefused() {
        byte[] bytes = x11(12, "xx\0");
        bytes[8] = (byte) 0xff;
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.x11Display(Turn.Done::new), bytes));
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "65536, 0", "1, -1", "1, 4097", "1, 2147483647"})
    void aDisplayOrLengthOutOfBoundsIsRefused(int display, int length) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.x11Display(Turn.Done::new), words(display, length)));
    }

    // Namespaces

    @Test
    void before2511OneNamespaceIsAskedForAndItsKindIsNotSaid() {
        OnPaper<List<Namespace>> paper =
                OnPaper.of(Requests.namespaces(V25_05, Turn.Done::new), joined(words(9), new byte[1]));
        assertThat(paper.said()).containsExactly(26);
        assertThat(paper.answer()).containsExactly(new Namespace(Namespace.ANY, OnPaper.FIRST_FD));
        assertThat(paper.left()).isZero();
    }

    @Test
    void before2511NoneIsZeroAndAnErrorIsNone() {
        assertThat(OnPaper.of(Requests.namespaces(V22_05, Turn.Done::new), words(0))
                        .answer())
                .isEmpty();
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.namespaces(V22_05, Turn.Done::new), words(-1)));
    }

    @Test
    void since2511TheyAreAListInTheOrderOfJoining() {
        byte[] bytes = joined(
                words(3, Namespace.CLONE_NEWPID), new byte[1],
                words(Namespace.CLONE_NEWUSER), new byte[1],
                words(Namespace.CLONE_NEWNS), new byte[1]);
        OnPaper<List<Namespace>> paper = OnPaper.of(Requests.namespaces(V25_11, Turn.Done::new), bytes);
        assertThat(paper.said()).containsExactly(28);
        assertThat(paper.answer())
                .containsExactly(
                        new Namespace(0x2000_0000, 100),
                        new Namespace(0x1000_0000, 101),
                        new Namespace(0x0002_0000, 102));
        assertThat(paper.left()).isZero();
    }

    @Test
    void since2511NoneIsAnEmptyList() {
        assertThat(OnPaper.of(Requests.namespaces(V25_11, Turn.Done::new), words(0))
                        .answer())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "9, 0", "1, 0", "1, -1", "1, 0x40000000"})
    void aListThatIsTooLongOrOfSomethingElseIsRefused(String count, String type) {
        byte[] bytes = words(Integer.decode(count), Integer.decode(type));
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.namespaces(V25_11, Turn.Done::new), bytes));
    }

    // Any bytes

    /** A conversation, and what a slurmstepd says that brings it to its end. */
    private static final class Sample {

        private final String name;
        private final Supplier<Turn<?>> turn;
        private final byte[] bytes;

        Sample(String name, Supplier<Turn<?>> turn, byte[] bytes) {
            this.name = name;
            this.turn = turn;
            this.bytes = bytes;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Sample> samples() {
        return Stream.of(
                new Sample("hello", () -> Requests.hello(Turn.Done::new), words(0x2D00)),
                new Sample("uid", () -> Requests.uid(Turn.Done::new), words(2001)),
                new Sample("sluid", () -> Requests.sluid(Turn.Done::new), sluid(4711)),
                new Sample("state", () -> Requests.state(V23_11, Turn.Done::new), words(2)),
                new Sample("pid", () -> Requests.daemonPid(Turn.Done::new), words(4711)),
                new Sample("add", () -> Requests.addExternPid(1, Turn.Done::new), words(0)),
                new Sample("in", () -> Requests.pidInContainer(1, Turn.Done::new), new byte[] {1}),
                new Sample(
                        "tasks",
                        () -> Requests.taskInfo(Turn.Done::new),
                        joined(words(2), task(0, 0, 4711, 0, -1), task(1, 1, 4712, 1, 256))),
                new Sample("pids", () -> Requests.listPids(Turn.Done::new), words(2, 4711, 4712)),
                new Sample("x11", () -> Requests.x11Display(Turn.Done::new), x11(12, "/x\0")),
                new Sample("ns old", () -> Requests.namespaces(V22_05, Turn.Done::new), joined(words(7), new byte[1])),
                new Sample(
                        "ns new",
                        () -> Requests.namespaces(V25_11, Turn.Done::new),
                        joined(words(1, Namespace.CLONE_NEWNS), new byte[1])));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void bytesThatEndTooEarlyAnswerNothing(Sample sample) {
        for (int length = 0; length < sample.bytes.length; length++) {
            assertThat(OnPaper.of(sample.turn.get(), Arrays.copyOf(sample.bytes, length))
                            .answer())
                    .isNull();
        }
        assertThat(OnPaper.of(sample.turn.get(), sample.bytes).answer()).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyChangedByteIsReadOrRefused(Sample sample) {
        for (int at = 0; at < sample.bytes.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = sample.bytes.clone();
                changed[at] = (byte) value;
                try {
                    OnPaper.of(sample.turn.get(), Arrays.copyOf(changed, PLENTY));
                } catch (DecodeException e) {
                    assertThat(e.field()).isNotEmpty();
                }
            }
        }
    }

    private static byte[] sluid(long number) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(number)
                .array();
    }

    private static byte[] x11(int display, String text) {
        byte[] path = text.getBytes(StandardCharsets.UTF_8);
        return joined(words(display, path.length), path);
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Arrays.stream(parts).mapToInt(part -> part.length).sum());
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }
}
