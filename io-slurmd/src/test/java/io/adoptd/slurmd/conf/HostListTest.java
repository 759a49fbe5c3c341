package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each row as {@code scontrol show hostnames} of Slurm 26.05 has it. */
class HostListTest {

    @ParameterizedTest(name = "[{0}] is {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "n[1-3]            | n1 n2 n3",
                "n[01-03]          | n01 n02 n03",
                "n[1-03]           | n1 n2 n3",
                "n[001-3]          | n001 n002 n003",
                "n[09-11]          | n09 n10 n11",
                "n[99-101]         | n99 n100 n101",
                "n[1,3-4]          | n1 n3 n4",
                "r[1-2]n[1-2]      | r1n1 r1n2 r2n1 r2n2",
                "n[1-2][3-4]       | n13 n14 n23 n24",
                "a,b               | a b",
                "a b               | a b",
                "a,,b              | a b",
                "n[ 1-2]           | n01 n02",
                "n[1-2]x           | n1x n2x",
                "r[1-2]n[1-2]-ib   | r1n1-ib r1n2-ib r2n1-ib r2n2-ib",
                "n1-3              | n1-3",
                "[7000-7002]       | 7000 7001 7002",
                "n[5]              | n5",
                "n[5-5]            | n5",
                "a,n[1-2],b[3,4] c | a n1 n2 b3 b4 c",
                "n[2,1]            | n2 n1",
            })
    void standsFor(String expression, String names) {
        assertThat(HostList.expand(expression)).containsExactly(names.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n[3-1]",
                "n[]",
                "n[a-b]",
                "n[1-70000]",
                "n[1-2",
                "{n[1-2]}",
                "n1}",
                "n]",
                "n[1-2]]",
                "n[[1-2]]",
                "n[1-2[3]",
                "n[1-]",
                "n[-1]",
                "n[1--2]",
                "n[1-2-3]",
                "n[1,]",
                "n[,1]",
                "n[1,,2]",
                "n[1 2]",
                "n[1- 2]",
                "n[+1]",
                "n[0x1]",
                "n[1-9999999999999999999]",
                "n[٣]",
                "[",
            })
    void isInvalid(String expression) {
        assertThatIllegalArgumentException().isThrownBy(() -> HostList.expand(expression));
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
