package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.slurmd.conf.SlurmTables.HostListRow;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows as {@code scontrol show hostnames} has them, bench/lab/conf-check. */
class HostListTest {

    @ParameterizedTest
    @MethodSource("rows")
    void standsForWhatSlurmTakesItForOrIsRefused(HostListRow row) {
        if (row.names().equals("refused")) {
            assertThatIllegalArgumentException().isThrownBy(() -> HostList.expand(row.expression()));
        } else {
            assertThat(HostList.expand(row.expression()))
                    .containsExactly(row.names().split(" "));
        }
    }

    static Stream<HostListRow> rows() {
        return SlurmTables.hostLists();
    }

    @Test
    void digitsAreAscii() {
        assertThatIllegalArgumentException().isThrownBy(() -> HostList.expand("n[\u0663]"));
    }

    @Test
    void separatorsAreCommaBlankTabAndNewline() {
        assertThat(HostList.expand("a,b c\td\ne")).containsExactly("a", "b", "c", "d", "e");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", " , \t"})
    void nothingStandsForNothing(String expression) {
        assertThat(HostList.expand(expression)).isEmpty();
    }

    @Test
    void theBoundIsReached() {
        List<String> names = HostList.expand("n[0-65535]");
        assertThat(names).hasSize(65_536).startsWith("n0").endsWith("n65535");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n[0-65536]",
                "n[0-65535,1]",
                "n[0-65535],m",
                "a[0-299]b[0-299]",
                "a[0-9]b[0-9]c[0-9]d[0-9]e[0-9]f[0-9]g[0-9]h[0-9]i[0-9]",
            })
    void theBoundHoldsOverAllRanges(String expression) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostList.expand(expression))
                .withMessageContaining("65536");
    }
}
