package io.adoptd.pipeline.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** What every {@link ExternSteps} promises. */
public abstract class ExternStepsContractTest {

    /** A node {@link Samples#C1} that runs this job of this user. */
    protected abstract void run(long job, Uid owner) throws Exception;

    /** A job's slurmstepd on it that takes connections and never answers. */
    protected abstract void runSilent(long job) throws Exception;

    /** What a slurmstepd that was killed leaves behind. */
    protected abstract void leaveStale(long job) throws Exception;

    /** The node's spool directory cannot be read any more. */
    protected abstract void loseSpool() throws Exception;

    /** The port, asking that node. */
    protected abstract ExternSteps steps();

    private static final Uid BOB = new Uid(2002);

    @Test
    void aNodeWithoutStepsHasNone() {
        assertThat(owned(Duration.ofSeconds(5)).steps()).isEmpty();
    }

    @Test
    void onlyTheUsersStepsAreTheUsers() throws Exception {
        run(7, Samples.ALICE);
        run(8, BOB);
        run(9, Samples.ALICE);
        assertThat(owned(Duration.ofSeconds(5)).steps())
                .extracting(step -> step.job())
                .containsExactlyInAnyOrder(new JobId(7), new JobId(9));
    }

    @Test
    void aSilentStepdIsCountedAndHidesNoOther() throws Exception {
        runSilent(6);
        run(7, Samples.ALICE);
        OwnedSteps owned = owned(Duration.ofMillis(500));
        assertThat(owned.steps()).extracting(step -> step.job()).containsExactly(new JobId(7));
        assertThat(owned.silent()).isEqualTo(1);
    }

    @Test
    void aStaleSocketIsNoStep() throws Exception {
        leaveStale(6);
        run(7, Samples.ALICE);
        OwnedSteps owned = owned(Duration.ofSeconds(5));
        assertThat(owned.steps()).hasSize(1);
        assertThat(owned.silent()).isZero();
    }

    @Test
    void anUnreadableSpoolIsTheNodesFault() throws Exception {
        loseSpool();
        assertThat(answer(Duration.ofSeconds(5))).isInstanceOf(StepsAnswer.NodeFault.class);
    }

    private OwnedSteps owned(Duration budget) {
        return answer(budget).fold(StepsAnswer.Found::steps, fault -> {
            throw new AssertionError(fault);
        });
    }

    private StepsAnswer answer(Duration budget) {
        var deadline = Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
        return Samples.answerOf(steps().ownedBy(Samples.ALICE, Samples.C1, deadline));
    }
}
