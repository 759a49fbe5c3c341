package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.Samples;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import io.adoptd.slurmd.stepd.StepdAnswer.Told;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class StepdsTest {

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
    void rootSlurmUserSlurmdUserAndAdoptdItselfAreTrusted() throws Exception {
        node.conf("NodeName=c1\nSlurmUser=slurm\nSlurmdUser=501");
        LongPredicate trusted = node.stepds().place(null).trusted();
        assertThat(trusted).accepts(0L, 64_030L, 501L, TestNode.OWN.value());
        assertThat(trusted).rejects(1L, 500L, 65_534L, 4_294_967_295L);
    }

    @Test
    void aSlurmUserThatIsNobodyIsNotTrusted() throws Exception {
        node.conf("NodeName=c1\nSlurmUser=gone");
        assertThat(node.stepds().place(null).trusted()).rejects(64_030L, 4_294_967_295L);
    }

    @Test
    void theSpoolDirectoryIsTheNodes() throws Exception {
        assertThat(node.stepds().place(null).directory()).isEqualTo(new SpoolDirectory(node.spool(), TestNode.C1));
    }

    @Test
    void aSlurmstepdTellsOfItsStep() throws Exception {
        node.run(FakeStepd.like(0x2D00, 2001, node.socket(7)));
        var questions = new StepdQuestions(node.stepds());
        assertThat(Samples.answerOf(questions.state(TestNode.step(7), node.in(Talk.LONG))))
                .isEqualTo(new Told<>(StepState.RUNNING));
        assertThat(Samples.answerOf(questions.daemonPid(TestNode.step(7), node.in(Talk.LONG))))
                .isEqualTo(new Told<>((int) ProcessHandle.current().pid()));
        assertThat(Samples.answerOf(questions.pidInContainer(TestNode.step(7), 1, node.in(Talk.LONG))))
                .isEqualTo(new Told<>(true));
        assertThat(Samples.answerOf(questions.pidInContainer(TestNode.step(7), 2, node.in(Talk.LONG))))
                .isEqualTo(new Told<>(false));
        assertThat(Samples.answerOf(questions.x11Display(TestNode.step(7), node.in(Talk.LONG))))
                .isEqualTo(new Told<>(new X11Display(0, null)));
    }

    @Test
    void aStepWithoutNamespacesHasNone() throws Exception {
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2D00);
            line.request();
            line.say(0);
            line.stare();
        }));
        assertThat(Samples.answerOf(new StepdQuestions(node.stepds()).namespaces(TestNode.step(7), node.in(Talk.LONG))))
                .isEqualTo(new Told<>(List.of()));
    }

    @Test
    void aStepThatIsGoneTellsNothing() {
        assertThat(Samples.answerOf(new StepdQuestions(node.stepds()).state(TestNode.step(7), node.in(Talk.LONG))))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.fault()).isEqualTo(StepdFault.ABSENT));
    }

    @Test
    void blockingWorkIsDoneByTwoThreadsWithAName() {
        List<String> names = Flux.range(0, 20)
                .flatMap(n -> node.stepds().read(own -> Thread.currentThread().getName(), node.in(Talk.LONG)))
                .distinct()
                .collectList()
                .block();
        assertThat(names).hasSizeBetween(1, 2).allMatch(name -> name.startsWith("spool-"));
    }

    @Test
    void asManyAsMayBeAdmittedWaitForAThreadAndNoneIsRefused() throws Exception {
        var hanging = new CountDownLatch(1);
        var minute = Duration.ofMinutes(1);
        var answers = Flux.range(0, 4_000)
                .flatMap(n -> node.stepds().read(own -> hanging.await(60, TimeUnit.SECONDS), node.in(minute)), 4_000)
                .collectList()
                .toFuture();
        hanging.countDown();
        assertThat(answers.get(60, TimeUnit.SECONDS)).hasSize(4_000).containsOnly(true);
    }

    @Test
    void afterTheEndNothingIsAsked() {
        node.stepds().close();
        Mono<Integer> read = node.stepds().read(own -> 1, node.in(Talk.LONG));
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(read::block);
        assertThat(Samples.answerOf(new StepdQuestions(node.stepds()).state(TestNode.step(7), node.in(Talk.LONG))))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.fault()).isEqualTo(StepdFault.UNASKED));
    }
}
