package io.adoptd.pipeline.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.SourceJob;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** What every {@link Callerid} promises. */
public abstract class CalleridContractTest {

    /** One whose source runs this job and says so. */
    protected abstract Callerid whoseSourceRuns(long job);

    /** One whose source knows nothing of the connection. */
    protected abstract Callerid whoseSourceIsIgnorant();

    /** One whose source takes the question and never answers. */
    protected abstract Callerid whoseSourceIsSilent();

    /** One whose source refuses the connection. */
    protected abstract Callerid whoseSourceRefuses();

    /** A connection from that source. */
    protected Connection connection() {
        return Samples.FROM_LOGIN;
    }

    @Test
    void aJobThatTheSourceNamesIsTheAnswer() {
        assertThat(answer(whoseSourceRuns(7), Duration.ofSeconds(5))).isEqualTo(new SourceJob(new JobId(7)));
    }

    @Test
    void ignoranceIsAnAnswer() {
        assertThat(answer(whoseSourceIsIgnorant(), Duration.ofSeconds(5)))
                .isEqualTo(new CalleridAnswer.Indeterminate());
    }

    @Test
    void silenceIsAnAnswerAtTheDeadline() {
        assertThat(answer(whoseSourceIsSilent(), Duration.ofMillis(200)))
                .isInstanceOfSatisfying(
                        NoAnswer.class, none -> assertThat(none.failure()).isEqualTo(Failure.TIMED_OUT));
    }

    @Test
    void aPassedDeadlineIsAnAnswerToo() {
        assertThat(answer(whoseSourceRuns(7), Duration.ZERO))
                .isInstanceOfSatisfying(
                        NoAnswer.class, none -> assertThat(none.failure()).isEqualTo(Failure.TIMED_OUT));
    }

    @Test
    void aRefusedPortIsAnAnswer() {
        assertThat(answer(whoseSourceRefuses(), Duration.ofSeconds(5)))
                .isInstanceOfSatisfying(
                        NoAnswer.class, none -> assertThat(none.failure()).isEqualTo(Failure.REFUSED));
    }

    private CalleridAnswer answer(Callerid callerid, Duration budget) {
        var deadline = Deadline.in(budget, LoginClock.monotonic(Schedulers.parallel()));
        return Samples.answerOf(callerid.ask(connection(), deadline));
    }
}
