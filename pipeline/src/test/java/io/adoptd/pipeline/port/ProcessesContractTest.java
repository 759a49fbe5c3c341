package io.adoptd.pipeline.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** What every {@link Processes} promises. */
public abstract class ProcessesContractTest {

    /** The port. */
    protected abstract Processes processes();

    /** A process that lives until the test is over, in no job. */
    protected abstract LoginProcess living() throws Exception;

    /** A process that has ended. */
    protected abstract LoginProcess ended() throws Exception;

    private final ExternStep step = Samples.step(7, 1);

    @Test
    void aLivingProcessIsStillTheOneThatAsked() throws Exception {
        assertThat(isStill(living())).isTrue();
    }

    @Test
    void anotherProcessOfTheSamePidIsNot() throws Exception {
        LoginProcess living = living();
        var before = new LoginProcess(living.pid(), living.startTicks() - 1);
        assertThat(isStill(before)).isFalse();
        assertThat(membership(before, Duration.ofSeconds(5))).isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void anEndedProcessIsGone() throws Exception {
        LoginProcess ended = ended();
        assertThat(isStill(ended)).isFalse();
        assertThat(membership(ended, Duration.ofSeconds(5))).isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void aProcessOutsideAnyJobIsElsewhere() throws Exception {
        assertThat(membership(living(), Duration.ofSeconds(5))).isInstanceOf(Membership.Elsewhere.class);
    }

    @Test
    void aPassedDeadlineIsAnAnswer() throws Exception {
        assertThat(membership(living(), Duration.ZERO)).isInstanceOf(Membership.Unreadable.class);
    }

    private boolean isStill(LoginProcess process) {
        return Samples.answerOf(processes().isStill(process));
    }

    private Membership membership(LoginProcess process, Duration budget) {
        return Samples.answerOf(processes().membership(process, step, in(budget)));
    }

    private static Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
    }
}
