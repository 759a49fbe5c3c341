package io.adoptd.pipeline.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** What every {@link Adoption} promises. */
public abstract class AdoptionContractTest {

    /** What the step's slurmstepd does when it is asked. */
    protected enum Stepd {
        ACCEPTS,
        REFUSES,
        HANGS_UP,
        IS_SILENT,
        IS_GONE,
        TALKS_RUBBISH
    }

    /** A step whose slurmstepd does this. */
    protected abstract ExternStep step(Stepd stepd) throws Exception;

    /** The port. */
    protected abstract Adoption adoption();

    @Test
    void aYesIsAccepted() throws Exception {
        assertThat(outcome(Stepd.ACCEPTS, Duration.ofSeconds(5)))
                .isEqualTo(new AdoptOutcome.Accepted(Furnishings.NONE));
    }

    @Test
    void everyOtherAnswerHasItsReason() throws Exception {
        assertThat(reason(Stepd.REFUSES, Duration.ofSeconds(5))).isEqualTo(Reason.ADOPT_REFUSED);
        assertThat(reason(Stepd.HANGS_UP, Duration.ofSeconds(5))).isEqualTo(Reason.ADOPT_STEP_GONE);
        assertThat(reason(Stepd.IS_GONE, Duration.ofSeconds(5))).isEqualTo(Reason.ADOPT_STEP_GONE);
        assertThat(reason(Stepd.TALKS_RUBBISH, Duration.ofSeconds(5))).isEqualTo(Reason.ADOPT_UNREADABLE);
    }

    @Test
    void silenceIsAnOutcomeAtTheDeadline() throws Exception {
        assertThat(reason(Stepd.IS_SILENT, Duration.ofMillis(200))).isEqualTo(Reason.ADOPT_TIMED_OUT);
    }

    private final Luggage luggage = new Luggage();

    @AfterEach
    void giveBack() {
        luggage.close();
    }

    private Reason reason(Stepd stepd, Duration budget) throws Exception {
        return outcome(stepd, budget)
                .fold(
                        accepted -> {
                            throw new AssertionError(accepted);
                        },
                        AdoptOutcome.Failed::reason);
    }

    private AdoptOutcome outcome(Stepd stepd, Duration budget) throws Exception {
        var deadline = Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
        return Samples.answerOf(adoption().adopt(Samples.SSHD, step(stepd), Wants.NOTHING, luggage, deadline));
    }
}
