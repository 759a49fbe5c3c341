package io.adoptd.pipeline.model;

import static io.adoptd.pipeline.Samples.owned;
import static io.adoptd.pipeline.Samples.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class OwnedStepsTest {

    @Test
    void newestIsWhatBeganLastWhateverItsJobId() {
        assertThat(owned(step(9, 100), step(7, 300), step(8, 200)).newest().job())
                .isEqualTo(new JobId(7));
    }

    @Test
    void ofTwoStepsOfOneTickTheLaterSocketIsNewer() {
        var earlier = stepBorn(9, Instant.ofEpochMilli(1));
        var later = stepBorn(7, Instant.ofEpochMilli(2));
        assertThat(owned(earlier, later).newest()).isEqualTo(later);
        assertThat(owned(later, earlier).newest()).isEqualTo(later);
    }

    @Test
    void ofTwoThatBeganTogetherTheGreaterJobIdIsNewer() {
        assertThat(owned(step(7, 100), step(8, 100)).newest().job()).isEqualTo(new JobId(8));
    }

    @Test
    void aHetJobsComponentsAreFoundByTheJobTheyShare() {
        assertThat(owned(step(7, 1), step(7, 2))
                        .of(new JobId(7))
                        .orElseThrow()
                        .began()
                        .stepdStartTicks())
                .isEqualTo(2);
        assertThat(owned(step(7, 1)).of(new JobId(8))).isEmpty();
    }

    private static ExternStep stepBorn(long job, Instant born) {
        return new ExternStep(Samples.C1, new JobId(job), null, Samples.ALICE, new StepBegin(100, born), null);
    }
}
