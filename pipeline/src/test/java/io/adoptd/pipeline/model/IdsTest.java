package io.adoptd.pipeline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.pipeline.Samples;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 2001, 4_294_967_294L})
    void everyUidThatExistsIsOne(long value) {
        assertThat(new Uid(value).value()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 4_294_967_295L})
    void noUidIsNone(long value) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Uid(value));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0, 0xffff_fff0L, 0xffff_fffeL, 0xffff_ffffL})
    void slurmsMarksAreNoJobs(long value) {
        assertThat(JobId.isJobId(value)).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> new JobId(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../c1", "c1/..", "c 1", "-c1", "c1\n", "c[1-2]"})
    void aNodeNameCannotLeaveItsDirectory(String value) {
        assertThat(NodeName.isNodeName(value)).isFalse();
    }

    @Test
    void aMappedAddressIsItsIpv4Address() {
        assertThat(Samples.endpoint("::ffff:192.0.2.10", 22)).isEqualTo(Samples.endpoint("192.0.2.10", 22));
    }
}
