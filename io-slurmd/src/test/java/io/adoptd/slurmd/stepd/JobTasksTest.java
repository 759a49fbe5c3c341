package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobTasksTest {

    private static final long BATCH = 4_294_967_291L;
    private static final long INTERACTIVE = 4_294_967_290L;
    private static final long EXTERN = 4_294_967_292L;
    private static final long ALICE = 2001;

    private TestNode node;

    @BeforeEach
    void open(@TempDir Path dir) throws IOException {
        node = new TestNode(dir);
    }

    @AfterEach
    void close() throws IOException {
        node.close();
    }

    @Test
    void theScriptGoesBeforeTheInteractiveStepAndThatBeforeTheFirstSteps() throws Exception {
        run("7.10", ALICE, new int[] {110});
        run("7.2", ALICE, new int[] {102, 103});
        run("7." + INTERACTIVE, ALICE, new int[] {90});
        run("7." + BATCH, ALICE, new int[] {80});
        assertThat(tasks()).isEqualTo(new TasksAnswer(List.of(80, 90, 102, 103, 110), ""));
    }

    @Test
    void noOtherJobAndNoExternStepIsAsked() throws Exception {
        FakeStepd extern = run("7." + EXTERN, ALICE, new int[] {1});
        FakeStepd other = run("77.0", ALICE, new int[] {2});
        FakeStepd another = run("70." + BATCH, ALICE, new int[] {3});
        FakeStepd pending = run("7.4294967293", ALICE, new int[] {4});
        Files.createFile(node.spool().resolve("c1_7.0x"));
        Files.createFile(node.spool().resolve("c1_7.00"));
        assertThat(tasks()).isEqualTo(new TasksAnswer(List.of(), ""));
        for (FakeStepd stepd : List.of(extern, other, another, pending)) {
            assertThat(stepd.requests()).isEmpty();
        }
    }

    @Test
    void aStepOfAnotherUserTellsNothing() throws Exception {
        FakeStepd stepd = run("7." + BATCH, 2002, new int[] {80});
        assertThat(tasks()).isEqualTo(new TasksAnswer(List.of(), ""));
        assertThat(stepd.requests()).containsExactly(20);
    }

    @Test
    void theComponentsOfAHeterogeneousJobAreAskedToo() throws Exception {
        run("7.0.1", ALICE, new int[] {81});
        run("7.0.0", ALICE, new int[] {80});
        assertThat(tasks().pids()).containsExactly(80, 81);
    }

    @Test
    void aStepWithoutARunningTaskTellsItsProcessesButForTheSlurmstepd() throws Exception {
        int stepd = (int) ProcessHandle.current().pid();
        FakeStepd asked = run("7." + BATCH, ALICE, new int[] {-1, -2}, stepd, 81);
        assertThat(tasks()).isEqualTo(new TasksAnswer(List.of(81), ""));
        assertThat(asked.requests()).containsExactly(20, 14, 15);
    }

    @Test
    void whoDoesNotAnswerIsNamedAndTheOthersCount() throws Exception {
        node.warmUp();
        node.run(FakeStepd.silent(node.spool().resolve("c1_7." + BATCH)));
        run("7.0", ALICE, new int[] {100});
        Files.createFile(node.spool().resolve("c1_7.1"));
        node.run(FakeStepd.talking(node.spool().resolve("c1_7.2"), line -> {
            line.greet(0x2A00);
            line.request();
            line.say(2001);
            line.request();
            line.say(5000);
        }));
        TasksAnswer answer = tasks(Duration.ofSeconds(2));
        assertThat(answer.pids()).containsExactly(100);
        assertThat(answer.why())
                .contains("c1_7." + BATCH + ": SILENT, ")
                .contains("c1_7.1: ABSENT, ")
                .contains("c1_7.2: UNREADABLE, ")
                .doesNotContain("c1_7.0:");
    }

    @Test
    void onlySoManyStepsAreAsked() throws Exception {
        for (int step = 0; step < 30; step++) {
            run("7." + step, ALICE, new int[] {1000 + step});
        }
        assertThat(tasks().pids())
                .containsExactlyElementsOf(
                        IntStream.range(0, 8).mapToObj(step -> 1000 + step).toList());
    }

    @Test
    void onlySoManyPidsAreTold() throws Exception {
        run("7.0", ALICE, IntStream.range(1, 501).toArray());
        run("7.1", ALICE, IntStream.range(501, 1001).toArray());
        assertThat(tasks().pids())
                .containsExactlyElementsOf(IntStream.range(1, 65).boxed().toList());
    }

    @Test
    void aNodeThatIsAtFaultIsAnAnswer() throws Exception {
        Files.delete(node.spool());
        assertThat(tasks().pids()).isEmpty();
        assertThat(tasks().why()).contains("spool directory").contains("NoSuchFile");
    }

    @Test
    void aPassedDeadlineAsksNobody() throws Exception {
        FakeStepd stepd = run("7." + BATCH, ALICE, new int[] {80});
        TasksAnswer answer = tasks(Duration.ZERO);
        assertThat(answer.pids()).isEmpty();
        assertThat(answer.why()).isNotEmpty();
        assertThat(stepd.requests()).isEmpty();
    }

    private TasksAnswer tasks() {
        return tasks(Talk.LONG);
    }

    private TasksAnswer tasks(Duration budget) {
        return Samples.answerOf(new JobTasks(node.stepds()).of(TestNode.step(7), node.in(budget)));
    }

    /** A slurmstepd with these tasks; one with a negative pid has ended. */
    private FakeStepd run(String step, long uid, int[] tasks, int... pids) throws IOException {
        return node.run(FakeStepd.talking(node.spool().resolve("c1_" + step), line -> {
            line.greet(0x2D00);
            while (true) {
                switch (line.request()) {
                    case 14 -> line.say(tasks.length).say(records(tasks));
                    case 15 -> line.say(pids.length).say(pids);
                    case 20 -> line.say((int) uid);
                    default -> throw new IOException("not a request of this one");
                }
            }
        }));
    }

    private static byte[] records(int[] tasks) {
        ByteBuffer records = ByteBuffer.allocate(StepTask.LENGTH * tasks.length).order(ByteOrder.nativeOrder());
        for (int task = 0; task < tasks.length; task++) {
            records.putInt(task)
                    .putInt(task)
                    .putInt(Math.abs(tasks[task]))
                    .put((byte) (tasks[task] < 0 ? 1 : 0))
                    .putInt(tasks[task] < 0 ? 0 : -1);
        }
        return records.array();
    }
}
