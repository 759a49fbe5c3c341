package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.wire.DecodeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations with real slurmstepds, as they were recorded. */
class StepdWireTest {

    @ParameterizedTest
    @CsvSource({"22.05, 0x2600", "24.11, 0x2A00", "26.05, 0x2D00"})
    void itsVersionIsItsWord(String release, String word) {
        assertTold(new StepdVersion(Integer.decode(word)), release, "handshake", version -> new Turn.Done<>(version));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void itRefusesAWordThatIsTooOld(String release) {
        byte[] said = Recorded.of(release, "handshake-refused").stepd;
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> OnPaper.of(Requests.hello(Turn.Done::new), said));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void itTellsWhoseJobItIs(String release) {
        assertTold(new Uid(2001), release, "uid", version -> Requests.uid(Turn.Done::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void itRuns(String release) {
        assertTold(StepState.RUNNING, release, "state", version -> Requests.state(version, Turn.Done::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void itTellsItsPid(String release) {
        int pid = answer(release, "daemon-pid", version -> Requests.daemonPid(Turn.Done::new));
        assertThat(pid).isPositive();
    }

    @Test
    void itTellsItsSluid() {
        byte[] stepd = Recorded.of("26.05", "sluid").stepd;
        long number = ByteBuffer.wrap(stepd).order(ByteOrder.LITTLE_ENDIAN).getLong(Integer.BYTES);
        Sluid sluid = answer("26.05", "sluid", version -> Requests.sluid(Turn.Done::new));
        long read = 0;
        for (char digit : sluid.text().substring(1).toCharArray()) {
            read = read << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(digit);
        }
        assertThat(sluid.text()).matches("s[0-9A-HJKMNP-TV-Z]{13}");
        assertThat(read).isEqualTo(number);
    }

    @ParameterizedTest
    @CsvSource({
        "22.05, add-extern-pid, 0",
        "24.11, add-extern-pid, 0",
        "26.05, add-extern-pid, 0",
        "22.05, add-extern-pid-not-extern, -1",
        "24.11, add-extern-pid-not-extern, -1",
        "26.05, add-extern-pid-not-extern, -1",
        "22.05, add-extern-pid-no-process, -1",
        "24.11, add-extern-pid-no-process, -1",
        "26.05, add-extern-pid-no-process, -1"
    })
    void itTakesAProcessInOrDoesNot(String release, String recording, int rc) {
        assertTold(rc, release, recording, version -> Requests.addExternPid(pidIn(release, recording), Turn.Done::new));
    }

    @ParameterizedTest
    @CsvSource({
        "22.05, pid-in-container, true", "24.11, pid-in-container, true", "26.05, pid-in-container, true",
        "22.05, pid-not-in-container, false", "24.11, pid-not-in-container, false", "26.05, pid-not-in-container, false"
    })
    void itTellsWhatItHolds(String release, String recording, boolean in) {
        assertTold(
                in, release, recording, version -> Requests.pidInContainer(pidIn(release, recording), Turn.Done::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void theExternStepHasATaskThatIsNoProcess(String release) {
        assertTold(
                List.of(new StepTask(0, 0, -1, false, -1)),
                release,
                "task-info-extern",
                version -> Requests.taskInfo(Turn.Done::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void theBatchStepHasItsScript(String release) {
        List<StepTask> tasks = answer(release, "task-info-batch", version -> Requests.taskInfo(Turn.Done::new));
        List<Integer> pids = answer(release, "list-pids-batch", version -> Requests.listPids(Turn.Done::new));
        assertThat(tasks).hasSize(1).allMatch(StepTask::isRunning);
        assertThat(pids).contains(tasks.get(0).pid());
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void aTaskThatHasEndedIsToldWithItsStatus(String release) {
        List<StepTask> tasks = answer(release, "task-info-step", version -> Requests.taskInfo(Turn.Done::new));
        List<Integer> pids = answer(release, "list-pids-step", version -> Requests.listPids(Turn.Done::new));
        assertThat(tasks)
                .containsExactly(
                        new StepTask(0, 0, pids.get(0), false, -1),
                        new StepTask(1, 1, tasks.get(1).pid(), true, 3 << 8));
        assertThat(pids).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void theExternStepTellsItsProcesses(String release) {
        List<Integer> pids = answer(release, "list-pids-extern", version -> Requests.listPids(Turn.Done::new));
        assertThat(pids).allMatch(pid -> pid > 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void withoutX11ItHasNoDisplay(String release) {
        assertTold(new X11Display(0, null), release, "x11-display", version -> Requests.x11Display(Turn.Done::new));
    }

    @ParameterizedTest
    @CsvSource({"22.05, get-ns-fd", "24.11, get-ns-fd", "26.05, get-ns-fds"})
    void withoutContainersItHasNoNamespaces(String release, String recording) {
        assertTold(List.of(), release, recording, version -> Requests.namespaces(version, Turn.Done::new));
    }

    @ParameterizedTest
    @CsvSource({"22.05, get-ns-fd-tmpfs, 0", "24.11, get-ns-fd-tmpfs, 0", "26.05, get-ns-fds-tmpfs, 0x00020000"})
    void aJobWithATmpOfItsOwnHasItsMountNamespace(String release, String recording, String type) {
        assertTold(
                List.of(new Namespace(Integer.decode(type), OnPaper.FIRST_FD)),
                release,
                recording,
                version -> Requests.namespaces(version, Turn.Done::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22.05", "24.11", "26.05"})
    void severalMayBeAskedInOneConversation(String release) {
        Recorded recorded = Recorded.of(release, "several");
        OnPaper<List<Object>> paper = OnPaper.of(
                Requests.hello(version -> Requests.uid(uid -> Requests.state(
                        version, state -> Requests.daemonPid(pid -> new Turn.Done<>(List.of(uid, state, pid)))))),
                recorded.stepd);
        assertThat(paper.said()).isEqualTo(recorded.client);
        assertThat(paper.answer()).startsWith(new Uid(2001), StepState.RUNNING);
        assertThat(paper.left()).isZero();
    }

    private static <T> void assertTold(
            T expected, String release, String recording, Function<StepdVersion, Turn<T>> request) {
        T told = answer(release, recording, request);
        assertThat(told).isEqualTo(expected);
    }

    /** What we say is what was said, what we hear is what came, and nothing is left over. */
    private static <T> T answer(String release, String recording, Function<StepdVersion, Turn<T>> request) {
        Recorded recorded = Recorded.of(release, recording);
        OnPaper<T> paper = OnPaper.of(Requests.hello(request), recorded.stepd);
        assertThat(paper.said()).isEqualTo(recorded.client);
        assertThat(paper.left()).isZero();
        T answer = paper.answer();
        if (answer == null) {
            throw new AssertionError("the recording ends too early");
        }
        return answer;
    }

    private static int pidIn(String release, String recording) {
        return Recorded.of(release, recording).client.get(2);
    }
}
