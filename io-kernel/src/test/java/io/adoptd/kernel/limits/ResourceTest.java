package io.adoptd.kernel.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.kernel.libc.Layout;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ResourceTest {

    @Test
    void everyResourceHasCsNumber() {
        assertThat(Arrays.stream(Resource.values())
                        .collect(Collectors.toMap(resource -> "RLIMIT_" + resource.name(), Resource::number)))
                .isEqualTo(Layout.resources());
    }

    @Test
    void aResourceIsSpelledAsInLimitsConf() {
        assertThat(Resource.MEMLOCK.word()).isEqualTo("memlock");
        assertThat(Resource.values())
                .allSatisfy(
                        resource -> assertThat(Resource.ofWord(resource.word())).contains(resource));
        assertThat(Resource.ofWord("MEMLOCK")).isEmpty();
        assertThat(Resource.ofWord("")).isEmpty();
    }

    @Test
    void aLimitIsBelowWhenOneOfItsBoundsIs() {
        assertThat(new Limit(Bound.atMost(7), Bound.unlimited()).isBelow(8)).isTrue();
        assertThat(new Limit(Bound.atMost(8), Bound.atMost(9)).isBelow(8)).isFalse();
        assertThat(new Limit(Bound.atMost(8), Bound.atMost(9)).isBelow(9)).isTrue();
        assertThat(new Limit(Bound.unlimited(), Bound.unlimited()).isBelow(Long.MAX_VALUE))
                .isFalse();
    }

    @Test
    void unlimitedIsNotANumber() {
        assertThatIllegalArgumentException().isThrownBy(() -> Bound.atMost(-1));
        assertThat(Bound.unlimited().<String>fold(most -> "limited", none -> "unlimited"))
                .isEqualTo("unlimited");
        assertThat(Bound.atMost(0).<Long>fold(Bound.AtMost::value, none -> -1L)).isZero();
    }
}
