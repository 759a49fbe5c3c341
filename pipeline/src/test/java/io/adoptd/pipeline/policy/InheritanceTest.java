package io.adoptd.pipeline.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InheritanceTest {

    // What may be listed

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SLURM_*",
                "SLURM_JOB_*",
                "SLURM_JOB_NAME",
                "SLURM_C*",
                "CUDA_VISIBLE_DEVICES",
                "CUDA_*",
                "ROCR_VISIBLE_DEVICES",
                "ZE_AFFINITY_MASK",
                "GPU_DEVICE_ORDINAL",
                "OMP_*",
                "TMPDIR",
                "TMP*",
                "I_MPI_*",
                "PMIX_*",
                "USERNAME",
                "X"
            })
    void aPlainNameOrAFamilyMayBeListed(String listed) {
        assertThat(variables(listed).variables()).containsExactly(listed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LD_PRELOAD",
                "LD_*",
                "LD*",
                "L*",
                "PATH",
                "PATH*",
                "PA*",
                "P*",
                "IFS",
                "ENV",
                "BASH_ENV",
                "BASH*",
                "SHELL",
                "HOME",
                "USER",
                "LOGNAME",
                "GCONV_PATH",
                "GLIBC_TUNABLES",
                "PYTHONPATH",
                "PYTHON*",
                "PERL5LIB",
                "PERL*",
                "TZ",
                "XDG_RUNTIME_DIR",
                "DISPLAY",
                "_*",
                "S*",
                "SL*",
                "SLURM_CONF",
                "SLURM_CONF*",
                "SLURM_CONF_SERVER",
                "SLURM_JWT",
                "SLURM_TASK_PROLOG",
                "SLURM_JOB_ID"
            })
    void whatSteersOrIsOursMayNot(String listed) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> variables(listed))
                .withMessageStartingWith(
                        "no variable that steers what root runs, or that adoptd sets itself: " + listed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "**",
                "SLURM_**",
                "*_ID",
                "SLURM_?",
                "slurm_*",
                "http_proxy",
                "A-B",
                "A=B",
                "1A",
                "A ",
                "Ä"
            })
    void whatIsNoNameMayNot(String listed) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> variables(listed))
                .withMessageStartingWith("names of capital letters, digits and underscores");
    }

    @Test
    void limitsAreThoseOfGetrlimitButForSshdsOwn() {
        assertThat(new Inheritance(List.of(), List.of("memlock", "nofile")).limits())
                .containsExactly("memlock", "nofile");
        assertThat(Inheritance.LIMITS).allSatisfy(limit -> new Inheritance(List.of(), List.of(limit)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Inheritance(List.of(), List.of("fsize")))
                .withMessageStartingWith("no fsize");
        for (String none : List.of("", "MEMLOCK", "memlock ", "files", "*")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Inheritance(List.of(), List.of(none)))
                    .withMessageStartingWith("limits out of [as, core, ");
        }
    }

    @Test
    void theListsAreBounded() {
        assertThat(new Inheritance(Collections.nCopies(64, "A"), List.of()).variables())
                .hasSize(64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Inheritance(Collections.nCopies(65, "A"), List.of()))
                .withMessage("at most 64 entries");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Inheritance(List.of(), Collections.nCopies(65, "core")));
    }

    @Test
    void nothingIsListedByDefault() {
        assertThat(Inheritance.NOTHING.isEmpty()).isTrue();
        assertThat(variables("A").isEmpty()).isFalse();
        assertThat(new Inheritance(List.of(), List.of("core")).isEmpty()).isFalse();
        assertThat(Inheritance.NOTHING.variablesFrom(List.of("SLURM_JOB_NAME=x", "A=1")))
                .isEmpty();
    }

    // What comes through

    @Test
    void whatIsListedComesThroughAndNothingElse() {
        assertThat(variables("SLURM_*", "TMPDIR")
                        .variablesFrom(
                                List.of("PATH=/x", "SLURM_NTASKS=2", "TMPDIR=/scratch/7", "TMPDIRS=/y", "SLURM_=e")))
                .containsExactly(
                        Map.entry("SLURM_", "e"), Map.entry("SLURM_NTASKS", "2"), Map.entry("TMPDIR", "/scratch/7"));
    }

    @Test
    void whatIsListedFirstGoesFirstThenByName() {
        List<String> environ = List.of("W2=1", "A=2", "W1=3", "Z=4", "W3=5");
        assertThat(variables("Z", "W*", "A", "W3").variablesFrom(environ).keySet())
                .containsExactly("Z", "W1", "W2", "W3", "A");
        List<String> other = new ArrayList<>(environ);
        Collections.reverse(other);
        assertThat(variables("Z", "W*", "A", "W3").variablesFrom(other).keySet())
                .containsExactly("Z", "W1", "W2", "W3", "A");
    }

    @Test
    void ofANameThatComesTwiceTheFirstCounts() {
        assertThat(variables("A").variablesFrom(List.of("A=1", "A=2"))).containsExactly(Map.entry("A", "1"));
    }

    @Test
    void aFamilyOfSlurmsLeavesOutWhatSteersSlurm() {
        assertThat(variables("SLURM_*")
                        .variablesFrom(List.of(
                                "SLURM_CONF=/home/eve/slurm.conf",
                                "SLURM_CONF_SERVER=evil",
                                "SLURM_JWT=secret",
                                "SLURM_SACK_SOCKET=/home/eve/sack",
                                "SLURM_TASK_PROLOG=/home/eve/run",
                                "SLURM_JOB_ID=1",
                                "SLURM_JOBID=7",
                                "SLURM_JOB_NAME=x"))
                        .keySet())
                .containsExactly("SLURM_JOBID", "SLURM_JOB_NAME");
    }

    @Test
    void aValueMayBeEmptyOrHaveAnythingPrintable() {
        assertThat(variables("A", "B", "C").variablesFrom(List.of("A=", "B=a=b; $(c) `d` ü €", "C= ")))
                .containsExactly(Map.entry("A", ""), Map.entry("B", "a=b; $(c) `d` ü €"), Map.entry("C", " "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A=a\nB=b",
                "A=\0",
                "A=\u001b[2J",
                "A=\u0085",
                "A=\u007f",
                "A=\ud800",
                "A=x\udc00",
                "A",
                "=1",
                "a=1",
                ""
            })
    void whatIsNotPlainIsLeftOut(String variable) {
        assertThat(variables("A", "B").variablesFrom(List.of(variable))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "x, 1020, true",
        "x, 1021, false",
        "ü, 510, true",
        "ü, 511, false",
        "\uD83D\uDE00, 255, true",
        "\uD83D\uDE00, 256, false"
    })
    void theLengthIsThatOfTheFrameInBytes(String character, int times, boolean fits) {
        assertThat(variables("ABC")
                        .variablesFrom(List.of("ABC=" + character.repeat(times)))
                        .isEmpty())
                .isEqualTo(!fits);
    }

    @Test
    void onlySoManyComeThrough() {
        List<String> environ =
                IntStream.range(100, 300).mapToObj(n -> "SLURM_" + n + "=" + n).toList();
        assertThat(variables("SLURM_*").variablesFrom(environ).keySet())
                .hasSize(60)
                .startsWith("SLURM_100")
                .endsWith("SLURM_159");
        assertThat(variables("SLURM_250", "SLURM_*").variablesFrom(environ).keySet())
                .hasSize(60)
                .startsWith("SLURM_250", "SLURM_100")
                .endsWith("SLURM_158");
    }

    @Test
    void whateverAnEnvironmentHoldsOnlyPlainVariablesComeThrough() {
        String letters = "SLURM_CONF=AJOBID\0\n\ud800ü*LDX_";
        var random = new Random(4711);
        Inheritance inheritance = variables("SLURM_*", "A", "LDX*");
        for (int round = 0; round < 2_000; round++) {
            var environ = new ArrayList<String>();
            for (int n = random.nextInt(100); n >= 0; n--) {
                var text = new StringBuilder();
                for (int length = random.nextInt(40); length >= 0; length--) {
                    text.append(letters.charAt(random.nextInt(letters.length())));
                }
                environ.add((random.nextBoolean() ? "SLURM_" : "") + text);
            }
            Map<String, String> variables = inheritance.variablesFrom(environ);
            assertThat(variables).hasSizeLessThanOrEqualTo(60);
            variables.forEach((name, value) -> {
                assertThat(name).matches("A|LDX[A-Z0-9_]*|SLURM_[A-Z0-9_]*").isNotEqualTo("SLURM_JOB_ID");
                assertThat(name).doesNotStartWith("SLURM_CONF");
                assertThat(value.codePoints()).noneMatch(Character::isISOControl);
                assertThat(environ).contains(name + "=" + value);
            });
        }
    }

    private static Inheritance variables(String... listed) {
        return new Inheritance(List.of(listed), List.of());
    }
}
