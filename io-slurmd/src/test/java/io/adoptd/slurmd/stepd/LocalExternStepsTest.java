package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.StepsAnswer.Found;
import io.adoptd.pipeline.model.StepsAnswer.NodeFault;
import io.adoptd.pipeline.model.Uid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

class LocalExternStepsTest {

    private static final Uid ALICE = new Uid(2001);
    private Path dir;
    private TestNode node;

    @BeforeEach
    void open(@TempDir Path dir) throws IOException {
        this.dir = dir;
        node = new TestNode(dir);
    }

    @AfterEach
    void close() throws IOException {
        node.close();
    }

    @Test
    void aStepIsToldWholly() throws Exception {
        node.run(FakeStepd.like(0x2D00, 2001, node.socket(7)));
        List<Integer> pids = new CopyOnWriteArrayList<>();
        node.ticks(pid -> {
            pids.add(pid);
            return 4711;
        });
        ExternStep step = owned().newest();
        assertThat(step.node()).isEqualTo(TestNode.C1);
        assertThat(step.job()).isEqualTo(new JobId(7));
        assertThat(step.hetComponent()).isNull();
        assertThat(step.owner()).isEqualTo(ALICE);
        assertThat(step.sluid()).isEqualTo("s2ZNM83NF17200");
        assertThat(step.began().stepdStartTicks()).isEqualTo(4711);
        assertThat(step.began().socketBorn())
                .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
        assertThat(pids).containsExactly((int) ProcessHandle.current().pid());
    }

    @Test
    void theSluidIsAskedForOnlyWhereItIsKnown() throws Exception {
        FakeStepd old = node.run(FakeStepd.like(0x2B00, 2001, node.socket(7)));
        FakeStepd own = node.run(FakeStepd.like(0x2C00, 2001, node.socket(8)));
        FakeStepd another = node.run(FakeStepd.like(0x2C00, 2002, node.socket(9)));
        OwnedSteps owned = owned();
        assertThat(owned.of(new JobId(7)).orElseThrow().sluid()).isNull();
        assertThat(owned.of(new JobId(8)).orElseThrow().sluid()).isNotNull();
        assertThat(old.requests()).containsExactly(20, 5);
        assertThat(own.requests()).containsExactly(20, 5, 1);
        assertThat(another.requests()).containsExactly(20, 5, 1);
        assertThat(node.lastSeen().word()).hasValue(0x2C00);
    }

    @Test
    void theComponentsOfAHeterogeneousJobAreStepsOfTheirOwn() throws Exception {
        node.run(FakeStepd.like(0x2A00, 2001, node.spool().resolve("c1_7.4294967292.0")));
        node.run(FakeStepd.like(0x2A00, 2001, node.spool().resolve("c1_7.4294967292.1")));
        assertThat(owned().steps()).extracting(ExternStep::hetComponent).containsExactlyInAnyOrder(0L, 1L);
    }

    @Test
    void ofTwoSlurmstepdsOfOneTickTheYoungerSocketIsTheNewest() throws Exception {
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(9)));
        Thread.sleep(50); // the kernel stamps files by its timer, every few milliseconds
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(8)));
        node.ticks(pid -> 0);
        assertThat(owned().newest().job()).isEqualTo(new JobId(8));
    }

    @ParameterizedTest
    @CsvSource({"-1", "4711", "0"})
    void whatCannotBeReadMayBeTheUsers(int word) throws Exception {
        node.run(FakeStepd.talking(node.socket(6), line -> line.greet(word)));
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(7)));
        OwnedSteps owned = owned();
        assertThat(owned.steps()).hasSize(1);
        assertThat(owned.silent()).isEqualTo(1);
    }

    @Test
    void aSlurmstepdThatHangsUpIsOfAStepThatEnds() throws Exception {
        node.run(FakeStepd.talking(node.socket(6), line -> line.greet(0x2A00)));
        node.run(FakeStepd.talking(node.socket(5), line -> {}));
        assertThat(answer()).isEqualTo(new Found(new OwnedSteps(List.of(), 0)));
    }

    // The node

    @Test
    void aNodeThatIsGivenIsLookedUnder() throws Exception {
        var c2 = new NodeName("c2");
        Files.createDirectory(dir.resolve("spool.c2"));
        node.run(FakeStepd.like(0x2A00, 2001, dir.resolve("spool.c2").resolve("c2_7.4294967292")));
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(8)));
        assertThat(owned(c2).steps()).extracting(ExternStep::node).containsExactly(c2);
        assertThat(owned((NodeName) null).steps()).extracting(ExternStep::node).containsExactly(TestNode.C1);
    }

    @Test
    void aBrokenSlurmConfIsAFault() throws Exception {
        node.conf("nonsense");
        assertThatFault(Reason.NO_SLURM_CONF, "slurm.conf:1: not key=value");
        node.conf("NodeName=c1");
        assertThat(answer()).isInstanceOf(Found.class);
    }

    @Test
    void anUnknownNodeIsAFault() throws Exception {
        node.conf("NodeName=n1");
        assertThatFault(Reason.NODE_UNKNOWN, "c1.site.org");
    }

    @Test
    void aHostWithoutANameIsAFault() throws Exception {
        try (var nameless = new TestNode(dir.resolve("nameless"), () -> {
            throw new IOException("no proc");
        })) {
            StepsAnswer answer = Samples.answerOf(
                    new LocalExternSteps(nameless.stepds()).ownedBy(ALICE, null, nameless.in(Talk.LONG)));
            assertThat(answer)
                    .isEqualTo(new NodeFault(
                            Reason.NODE_UNKNOWN, "the host name cannot be read: java.io.IOException: no proc"));
        }
    }

    @Test
    void aMissingSpoolDirectoryIsAFault() throws Exception {
        Files.delete(node.spool());
        assertThatFault(Reason.SPOOL_UNREADABLE, "no such directory");
    }

    @Test
    void aFaultOfOursIsAnError() throws Exception {
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(7)));
        node.ticks(pid -> {
            throw new IllegalStateException("ours");
        });
        assertThatIllegalStateException().isThrownBy(this::answer).withMessage("ours");
        node.ticks(pid -> 1);
        assertThat(owned().steps()).hasSize(1);
    }

    // Time

    @Test
    void fiftySilentOnesCostTheDeadlineAndHoldNoThread() throws Exception {
        node.run(FakeStepd.like(0x2D00, 2001, node.socket(1000)));
        owned();
        owned();
        for (int job = 1; job <= 50; job++) {
            node.run(FakeStepd.silent(node.socket(job)));
        }
        Set<Thread> threadsBefore = Threads.now();
        long descriptorsBefore = Descriptors.count();
        List<String> newThreads = new CopyOnWriteArrayList<>();
        Scheduler watching = Schedulers.newSingle("watch", true);
        Disposable watch = Flux.interval(Duration.ofMillis(20), watching)
                .subscribe(tick -> newThreads.addAll(Threads.newSince(threadsBefore)));
        long began = System.nanoTime();
        StepsAnswer answer = Samples.answerOf(
                new LocalExternSteps(node.stepds()).ownedBy(ALICE, null, node.in(Duration.ofSeconds(1))));
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        watch.dispose();
        watching.dispose();
        OwnedSteps owned = answer.fold(Found::steps, fault -> {
            throw new AssertionError(fault);
        });
        assertThat(owned.steps()).extracting(ExternStep::job).containsExactly(new JobId(1000));
        assertThat(owned.silent()).isEqualTo(50);
        // Nine tenths of the second; the rest is for a machine that is busy otherwise.
        assertThat(took).isBetween(Duration.ofMillis(850), Duration.ofSeconds(3));
        assertThat(newThreads).isEmpty();
        // Each is heard in the background, which takes one descriptor. (Nobody accepts here, so no other end is
        // counted.)
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(descriptorsBefore + 50));
        node.stepds().forget();
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(descriptorsBefore));
    }

    @Test
    void aSpoolDirectoryThatHangsIsAFaultAtTheDeadline() throws Exception {
        var hanging = new CountDownLatch(1);
        try (var slow = new TestNode(dir.resolve("slow"), () -> {
            try {
                return hanging.await(20, TimeUnit.SECONDS) ? "c1" : "late";
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        })) {
            StepsAnswer answer = Samples.answerOf(
                    new LocalExternSteps(slow.stepds()).ownedBy(ALICE, null, slow.in(Duration.ofMillis(200))));
            assertThat(answer)
                    .isEqualTo(
                            new NodeFault(Reason.STEPS_TIMED_OUT, "slurm.conf or the spool directory took too long"));
            hanging.countDown();
        }
    }

    @Test
    void aJobIsNotLostForWantOfItsStartTime() throws Exception {
        node.run(FakeStepd.like(0x2A00, 2002, node.socket(8)));
        owned();
        var hanging = new CountDownLatch(1);
        node.run(FakeStepd.like(0x2A00, 2001, node.socket(7)));
        node.ticks(pid -> {
            try {
                return hanging.await(20, TimeUnit.SECONDS) ? 1 : 2;
            } catch (InterruptedException e) {
                return 3;
            }
        });
        OwnedSteps owned = owned(Duration.ofMillis(500));
        hanging.countDown();
        assertThat(owned.newest().began().stepdStartTicks()).isZero();
    }

    @Test
    void aCancelLeavesNothingBehind() throws Exception {
        node.run(FakeStepd.like(0x2D00, 2001, node.socket(1000)));
        node.run(FakeStepd.silent(node.socket(1)));
        owned(Duration.ofMillis(300));
        long before = Descriptors.count();
        for (int round = 0; round < 100; round++) {
            Disposable asking = new LocalExternSteps(node.stepds())
                    .ownedBy(ALICE, null, node.in(Talk.LONG))
                    .subscribe();
            long until = System.nanoTime() + round * 20_000L;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            asking.dispose();
        }
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(before));
    }

    private void assertThatFault(Reason reason, String why) {
        assertThat(answer())
                .isInstanceOfSatisfying(
                        NodeFault.class, fault -> assertThat(fault.reason()).isEqualTo(reason))
                .isInstanceOfSatisfying(
                        NodeFault.class, fault -> assertThat(fault.why()).contains(why));
    }

    private OwnedSteps owned() {
        return steps(answer());
    }

    private OwnedSteps owned(Duration budget) {
        return steps(answer(null, budget));
    }

    private OwnedSteps owned(@Nullable NodeName given) {
        return steps(answer(given, Talk.LONG));
    }

    private StepsAnswer answer() {
        return answer(null, Talk.LONG);
    }

    private StepsAnswer answer(@Nullable NodeName given, Duration budget) {
        return Samples.answerOf(new LocalExternSteps(node.stepds()).ownedBy(ALICE, given, node.in(budget)));
    }

    private static OwnedSteps steps(StepsAnswer answer) {
        return answer.fold(Found::steps, fault -> {
            throw new AssertionError(fault);
        });
    }
}
