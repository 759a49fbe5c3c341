package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.AdoptOutcome.Failed;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.model.Wants;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class StepdAdoptionTest {

    private final Luggage luggage = new Luggage();
    private TestNode node;

    @BeforeEach
    void open(@TempDir Path dir) throws IOException {
        node = new TestNode(dir);
    }

    @AfterEach
    void close() throws IOException {
        luggage.close();
        node.close();
    }

    @Test
    void theProcessIsTheOneThatAsked() throws Exception {
        List<Integer> pids = new CopyOnWriteArrayList<>();
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2D00);
            line.tellsUid(2001);
            line.request();
            pids.add(line.hear());
            line.say(0);
        }));
        assertThat(adopt(TestNode.step(7))).isEqualTo(new AdoptOutcome.Accepted(Furnishings.NONE));
        assertThat(pids).containsExactly(4242);
    }

    @Test
    void aComponentOfAHeterogeneousJobHasItsOwnSlurmstepd() throws Exception {
        node.run(FakeStepd.like(0x2D00, 2001, node.spool().resolve("c1_7.4294967292.1")));
        var component =
                new ExternStep(TestNode.C1, new JobId(7), 1L, new Uid(2001), new StepBegin(0, Instant.EPOCH), null);
        assertThat(adopt(component)).isEqualTo(new AdoptOutcome.Accepted(Furnishings.NONE));
        assertThat(reason(adopt(TestNode.step(7)))).isEqualTo(Reason.ADOPT_STEP_GONE);
    }

    @Test
    void isAskedOncePerSubscriberAndNotBefore() throws Exception {
        FakeStepd stepd = node.run(FakeStepd.like(0x2D00, 2001, node.socket(7)));
        Mono<AdoptOutcome> adoption = new StepdAdoption(node.stepds())
                .adopt(Samples.SSHD, TestNode.step(7), Wants.NOTHING, luggage, node.in(Talk.LONG));
        assertThat(stepd.requests()).isEmpty();
        adoption.block();
        assertThat(stepd.requests()).containsExactly(20, 22);
    }

    @Test
    void aFailureIsNotTriedAgain() throws Exception {
        FakeStepd stepd = node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2D00);
            line.tellsUid(2001);
            line.request();
        }));
        assertThat(reason(adopt(TestNode.step(7)))).isEqualTo(Reason.ADOPT_STEP_GONE);
        assertThat(stepd.requests()).containsExactly(20, 22);
    }

    @Test
    void anUnknownAnswerIsToldWithItsNumber() throws Exception {
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2D00);
            line.tellsUid(2001);
            line.request();
            line.hear();
            line.say(4711);
        }));
        assertThat(adopt(TestNode.step(7)))
                .isEqualTo(new Failed(Reason.ADOPT_UNREADABLE, "the slurmstepd answered 4711"));
    }

    @Test
    void aRefusedVersionIsUnreadable() throws Exception {
        node.run(FakeStepd.talking(node.socket(7), line -> line.greet(-1)));
        assertThat(reason(adopt(TestNode.step(7)))).isEqualTo(Reason.ADOPT_UNREADABLE);
    }

    @Test
    void aBrokenSlurmConfIsToldAsSuch() throws Exception {
        node.conf("nonsense");
        assertThat(adopt(TestNode.step(7)))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.reason()).isEqualTo(Reason.ADOPT_UNREADABLE))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.why()).contains("slurm.conf:1: not key=value"));
    }

    @Test
    void aDeadlineThatHasPassedAdoptsNothing() throws Exception {
        FakeStepd stepd = node.run(FakeStepd.like(0x2D00, 2001, node.socket(7)));
        AdoptOutcome outcome = Samples.answerOf(new StepdAdoption(node.stepds())
                .adopt(Samples.SSHD, TestNode.step(7), Wants.NOTHING, luggage, node.in(Duration.ZERO)));
        assertThat(reason(outcome)).isEqualTo(Reason.ADOPT_TIMED_OUT);
        assertThat(stepd.requests()).isEmpty();
    }

    @Test
    void whatIsWantedIsAskedForAfterTheAdoption() throws Exception {
        FakeStepd stepd = node.run(FakeStepd.like(0x2A00, 2001, node.socket(7)));
        AdoptOutcome outcome = Samples.answerOf(new StepdAdoption(node.stepds())
                .adopt(Samples.SSHD, TestNode.step(7), new Wants(true, true), luggage, node.in(Talk.LONG)));
        assertThat(outcome).isEqualTo(new AdoptOutcome.Accepted(Furnishings.NONE));
        assertThat(stepd.requests()).containsExactly(20, 22, 26, 23);
        Samples.answerOf(new StepdAdoption(node.stepds())
                .furnish(TestNode.step(7), new Wants(true, false), luggage, node.in(Talk.LONG)));
        assertThat(stepd.requests()).containsExactly(20, 22, 26, 23, 23);
    }

    @Test
    void aWishThatIsNotAnsweredMakesNoFailedAdoption() throws Exception {
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2D00);
            if (line.request() == 20) {
                line.say(2001);
                line.request();
                line.hear();
                line.say(0);
            }
        }));
        assertThat(Samples.answerOf(new StepdAdoption(node.stepds())
                        .adopt(Samples.SSHD, TestNode.step(7), new Wants(true, true), luggage, node.in(Talk.LONG))))
                .isInstanceOfSatisfying(AdoptOutcome.Accepted.class, accepted -> {
                    assertThat(accepted.furnishings().container()).isInstanceOf(Furnishings.ContainerUnknown.class);
                    assertThat(accepted.furnishings().x11()).isInstanceOf(Furnishings.TunnelUnknown.class);
                });
    }

    @Test
    void whoDoesNotAnswerCostsOneLoginItsSliceAndIsToldAgainOnceItIsHeard() throws Exception {
        node.warmUp();
        var wakes = new CountDownLatch(1);
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2A00);
            if (line.request() == 20) {
                line.request();
                line.say(2001, 2);
            } else if (wakes.getCount() > 0) {
                try {
                    wakes.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            } else {
                line.hear();
                line.say(0);
            }
        }));
        Duration slice = Duration.ofMillis(300);
        ExternStep step = found();
        assertThat(adopt(step, slice)).isEqualTo(new Failed(Reason.ADOPT_TIMED_OUT, "still waiting for rc"));
        assertThat(found()).isEqualTo(step);
        await().untilAsserted(() -> assertThat(adopt(step, slice))
                .isEqualTo(new Failed(Reason.ADOPT_TIMED_OUT, "remembered: it did not answer")));
        wakes.countDown();
        await().untilAsserted(
                        () -> assertThat(adopt(step, slice)).isEqualTo(new AdoptOutcome.Accepted(Furnishings.NONE)));
    }

    /** It takes 10 ms for each, one after the other: the last one waits longer than its slice is long. */
    @Test
    void ofAStormAtOneSlurmstepdNoneRunsOutOfItsSliceInTheQueue() throws Exception {
        node.warmUp();
        node.run(FakeStepd.talking(node.socket(7), line -> {
            line.greet(0x2A00);
            if (line.request() == 20) {
                line.request();
                line.say(2001, 2);
            } else {
                line.hear();
                LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
                line.say(0);
            }
        }));
        ExternStep step = found();
        var adoption = new StepdAdoption(node.stepds());
        List<AdoptOutcome> outcomes = Flux.range(0, 500)
                .flatMap(
                        i -> adoption.adopt(
                                new LoginProcess(4242, 1),
                                step,
                                Wants.NOTHING,
                                luggage,
                                node.in(Duration.ofSeconds(50))
                                        .sliceInTurn(Duration.ofSeconds(2), Duration.ofMillis(500))),
                        500)
                .collectList()
                .block(Duration.ofSeconds(55));
        assertThat(outcomes).hasSize(500).containsOnly(new AdoptOutcome.Accepted(Furnishings.NONE));
    }

    private ExternStep found() {
        StepsAnswer answer =
                Samples.answerOf(new LocalExternSteps(node.stepds()).ownedBy(new Uid(2001), null, node.in(Talk.LONG)));
        return answer.fold(found -> found.steps().newest(), fault -> {
            throw new AssertionError(fault);
        });
    }

    private AdoptOutcome adopt(ExternStep step, Duration slice) {
        return Samples.answerOf(new StepdAdoption(node.stepds())
                .adopt(new LoginProcess(4242, 1), step, Wants.NOTHING, luggage, node.in(slice)));
    }

    private AdoptOutcome adopt(ExternStep step) {
        return Samples.answerOf(new StepdAdoption(node.stepds())
                .adopt(new LoginProcess(4242, 1), step, Wants.NOTHING, luggage, node.in(Talk.LONG)));
    }

    private static Reason reason(AdoptOutcome outcome) {
        return outcome.fold(
                accepted -> {
                    throw new AssertionError(accepted);
                },
                Failed::reason);
    }
}
