package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.limits.Bound;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcLimitsTest {

    private static final String LIMITS = """
            Limit                     Soft Limit           Hard Limit           Units    \s
            Max cpu time              unlimited            unlimited            seconds  \s
            Max stack size            8388608              unlimited            bytes    \s
            Max open files            1024                 524288               files    \s
            Max realtime timeout      18446744073709551614 18446744073709551614 us       \s
            Max of tomorrow           1                    2                    things   \s
            """;

    @Test
    void bothBoundsAreRead() throws Exception {
        assertThat(ProcLimits.parse(LIMITS).limits())
                .containsExactly(
                        Map.entry(Resource.CPU, new Limit(Bound.unlimited(), Bound.unlimited())),
                        Map.entry(Resource.STACK, new Limit(Bound.atMost(8_388_608), Bound.unlimited())),
                        Map.entry(Resource.NOFILE, new Limit(Bound.atMost(1_024), Bound.atMost(524_288))),
                        Map.entry(Resource.RTTIME, new Limit(Bound.unlimited(), Bound.unlimited())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "Limit                     Soft Limit           Hard Limit           Units     \n",
                "Max open files            -1                   524288               files     \n",
                "Max open files            1024\n",
            })
    void whatHoldsNoneIsRefused(String text) {
        assertThatExceptionOfType(ProcException.class).isThrownBy(() -> ProcLimits.parse(text));
    }

    @Test
    void noCutAndNoChangedByteDoesWorse() {
        Mutations.ofEvery(LIMITS.lines().skip(2).limit(1).findFirst().orElseThrow() + "\n", text -> {
            try {
                assertThat(ProcLimits.parse(text).limits()).isNotEmpty();
            } catch (ProcException expected) {
                assertThat(expected).hasMessageStartingWith("limits: ");
            }
        });
    }
}
