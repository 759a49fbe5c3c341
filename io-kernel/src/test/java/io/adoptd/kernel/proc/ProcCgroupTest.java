package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.proc.ProcCgroup.Line;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcCgroupTest {

    private static final String HYBRID = """
            9:name=systemd:/user.slice/user-2001.slice/session-4.scope
            6:freezer:/slurm_c1/uid_2001/job_4/step_extern
            2:cpu,cpuacct:/
            0::/user.slice/user-2001.slice/session-4.scope
            """;

    @Test
    void everyHierarchyIsALine() throws Exception {
        ProcCgroup cgroup = ProcCgroup.parse(HYBRID);
        assertThat(cgroup.lines()).hasSize(4);
        assertThat(cgroup.of("freezer"))
                .contains(new Line(6, List.of("freezer"), "/slurm_c1/uid_2001/job_4/step_extern", false));
        assertThat(cgroup.of("cpuacct")).contains(new Line(2, List.of("cpu", "cpuacct"), "/", false));
        assertThat(cgroup.of("memory")).isEmpty();
        assertThat(cgroup.unified())
                .contains(new Line(0, List.of(), "/user.slice/user-2001.slice/session-4.scope", false));
    }

    @Test
    void aLineIsWrittenAsItWasRead() throws Exception {
        assertThat(ProcCgroup.parse(HYBRID + "1:pids:/gone (deleted)\n").lines())
                .extracting(Line::toString)
                .containsExactlyElementsOf(
                        (HYBRID + "1:pids:/gone (deleted)").lines().toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/a:b",
                "/:",
                "/0::/x",
                "/a b",
                "/ (deleted)x",
                "/a\rb",
                "/a\u2028b",
                "/\ufffd",
                "/../..",
                "//"
            })
    void aPathMayBeAnything(String path) throws Exception {
        assertThat(ProcCgroup.parse("0::" + path + "\n").unified()).contains(new Line(0, List.of(), path, false));
    }

    @Test
    void aRemovedCgroupIsMarkedSo() throws Exception {
        assertThat(ProcCgroup.parse("0::/a/b (deleted)\n").unified()).contains(new Line(0, List.of(), "/a/b", true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "0::/",
                "0::/\n\n",
                "0::\n",
                "0::a\n",
                "0:/\n",
                "::/\n",
                "-1::/\n",
                "x:cpu:/\n",
                "12345678901:cpu:/\n",
                "1::/\n",
                "0:cpu:/\n",
                "1:cpu,:/\n",
                "1:,cpu:/\n",
                "0::/\n0::/\n",
                "1:cpu:/\n1:memory:/\n",
                "1:cpu:/\n2:memory,cpu:/\n"
            })
    void anythingElseIsAnErrorNamingTheLine(String text) {
        List<String> lines = List.of(text.split("\n", -1));
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> ProcCgroup.parse(text))
                .satisfies(
                        e -> assertThat(lines).anySatisfy(line -> assertThat(e).hasMessageContaining(line)));
    }

    @Test
    void aLongLineIsCutInTheError() {
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> ProcCgroup.parse("x".repeat(5_000) + "\n"))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
    }

    @Test
    void noCutAndNoChangedByteDoesWorse() {
        Mutations.ofEvery(HYBRID, text -> {
            try {
                assertThat(ProcCgroup.parse(text).lines()).isNotEmpty();
            } catch (ProcException expected) {
                assertThat(expected).hasMessageStartingWith("cgroup: ");
            }
        });
    }
}
