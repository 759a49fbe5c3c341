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
                "SLURM_NTASKS_HET_GROUP_0",
                "SLURM_NTASKS_HET_*",
                "SLURM_C*",
                "S*",
                "CUDA_VISIBLE_DEVICES",
                "CUDA_*",
                "NVIDIA_VISIBLE_DEVICES",
                "ROCR_VISIBLE_DEVICES",
                "HIP_VISIBLE_DEVICES",
                "ZE_AFFINITY_MASK",
                "GPU_DEVICE_ORDINAL",
                "OMP_NUM_THREADS",
                "OMP_*"
            })
    void nameThatSteersNothingMayBeListedAndItsBeginning(String listed) {
        assertThat(variables(listed).variables()).containsExactly(listed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LD_PRELOAD",
                "LD_*",
                "L*",
                "PATH",
                "PATH*",
                "IFS",
                "ENV",
                "BASH_ENV",
                "SHELL",
                "HOME",
                "GCONV_PATH",
                "GLIBC_TUNABLES",
                "PYTHON*",
                "PERL5LIB",
                "TZ",
                "XDG_RUNTIME_DIR",
                "DISPLAY",
                "_*",
                "X",
                "TMPDIR",
                "TMP*",
                "TAR_OPTIONS",
                "HTTPS_PROXY",
                "ALL_PROXY",
                "RSYNC_RSH",
                "AWKLIBPATH",
                "R_PROFILE",
                "OMPI_MCA_*",
                "I_MPI_*",
                "PMIX_*",
                "APPTAINER_*",
                "CUDA_CACHE_PATH",
                "CUDA_MPS_PIPE_DIRECTORY",
                "OMP_TOOL_LIBRARIES",
                "SLURM_CONF",
                "SLURM_CONF*",
                "SLURM_CONF_SERVER",
                "SLURM_JWT",
                "SLURM_SACK_SOCKET",
                "SLURM_TASK_PROLOG",
                "SLURM_CLUSTERS",
                "SLURM_WORKING_CLUSTER",
                "SLURM_HOSTFILE",
                "SLURM_NODE_ALIASES",
                "SLURM_EXPORT_ENV",
                "SLURM_STDOUTMODE",
                "SLURM_JOB_NAMES",
                "SLURM_JOB_ID*",
                "SLURM_CONF_HET_GROUP_0",
                "CUDA_VISIBLE_DEVICES_HET_GROUP_0",
                "SLURMD_NODENAME"
            })
    void anyOtherNameIsRefusedAndTheErrorNamesThoseThatMayBeListed(String listed) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> variables(listed))
                .withMessageStartingWith("variables that may be listed, which are ")
                .withMessageContaining(listed.startsWith("SLURM_") ? "SLURM_JOB_NAME" : "SLURM_* (")
                .withMessageEndingWith("; not " + listed);
    }

    @Test
    void jobIdCannotBeListedForTheDecisionSetsIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> variables("SLURM_JOB_ID"))
                .withMessage("no SLURM_JOB_ID: adoptd sets it itself");
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
        assertThat(new Inheritance(Collections.nCopies(64, "SLURM_*"), List.of()).variables())
                .hasSize(64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Inheritance(Collections.nCopies(65, "SLURM_*"), List.of()))
                .withMessage("at most 64 entries");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Inheritance(List.of(), Collections.nCopies(65, "core")));
    }

    @Test
    void nothingIsListedByDefault() {
        assertThat(Inheritance.NOTHING.isEmpty()).isTrue();
        assertThat(variables("SLURM_*").isEmpty()).isFalse();
        assertThat(new Inheritance(List.of(), List.of("core")).isEmpty()).isFalse();
        assertThat(Inheritance.NOTHING.variablesFrom(List.of("SLURM_JOB_NAME=x", "SLURM_NTASKS=1")))
                .isEmpty();
    }

    // What comes through

    @Test
    void whatIsListedComesThroughAndNothingElse() {
        assertThat(variables("SLURM_*", "CUDA_VISIBLE_DEVICES")
                        .variablesFrom(List.of(
                                "PATH=/x",
                                "SLURM_NTASKS=2",
                                "SLURM_NTASKS_HET_GROUP_1=3",
                                "CUDA_VISIBLE_DEVICES=0,1",
                                "CUDA_VISIBLE_DEVICESS=2",
                                "OMP_NUM_THREADS=4",
                                "SLURM_=e")))
                .containsExactly(
                        Map.entry("SLURM_NTASKS", "2"),
                        Map.entry("SLURM_NTASKS_HET_GROUP_1", "3"),
                        Map.entry("CUDA_VISIBLE_DEVICES", "0,1"));
    }

    @Test
    void whatIsListedFirstGoesFirstThenByName() {
        List<String> environ = List.of(
                "SLURM_STEPID=1", "SLURM_NNODES=2", "SLURM_STEP_ID=3", "ZE_AFFINITY_MASK=4", "SLURM_STEP_NUM_TASKS=5");
        Inheritance listed = variables("ZE_AFFINITY_MASK", "SLURM_STEP*", "SLURM_NNODES", "SLURM_STEP_ID");
        List<String> order =
                List.of("ZE_AFFINITY_MASK", "SLURM_STEPID", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_NNODES");
        assertThat(listed.variablesFrom(environ).keySet()).containsExactlyElementsOf(order);
        List<String> other = new ArrayList<>(environ);
        Collections.reverse(other);
        assertThat(listed.variablesFrom(other).keySet()).containsExactlyElementsOf(order);
    }

    @Test
    void ofANameThatComesTwiceTheFirstCounts() {
        assertThat(variables("SLURM_NTASKS").variablesFrom(List.of("SLURM_NTASKS=1", "SLURM_NTASKS=2")))
                .containsExactly(Map.entry("SLURM_NTASKS", "1"));
    }

    @Test
    void familyLeavesOutWhatMayNotBeListed() {
        assertThat(variables("SLURM_*", "CUDA_*", "OMP_*", "S*")
                        .variablesFrom(List.of(
                                "SLURM_CONF=/home/eve/slurm.conf",
                                "SLURM_CONF_SERVER=evil",
                                "SLURM_JWT=secret",
                                "SLURM_SACK_SOCKET=/home/eve/sack",
                                "SLURM_TASK_PROLOG=/home/eve/run",
                                "SLURM_CLUSTERS=eve",
                                "SLURM_WORKING_CLUSTER=eve:10.0.0.6:6817:1",
                                "SLURM_HOSTFILE=/home/eve/hosts",
                                "SLURM_NODE_ALIASES=n1:10.0.0.6:n1",
                                "SLURM_DEBUG_FLAGS=all",
                                "SLURM_TIME_FORMAT=%s",
                                "SLURM_SRUN_COMM_HOST=10.0.0.6",
                                "SLURM_UNKNOWN=1",
                                "SLURM_JOB_ID=1",
                                "SLURM_JOB_ID_HET_GROUP_0=1",
                                "SHELL=/home/eve/sh",
                                "SSH_AUTH_SOCK=/home/eve/agent",
                                "CUDA_INJECTION64_PATH=/home/eve/lib.so",
                                "OMP_TOOL_LIBRARIES=/home/eve/lib.so",
                                "SLURM_JOBID=7",
                                "SLURM_JOB_NAME=x"))
                        .keySet())
                .containsExactly("SLURM_JOBID", "SLURM_JOB_NAME");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SLURM_NTASKS=2",
                "SLURM_NTASKS=",
                "SLURM_TASKS_PER_NODE=2(x3),1",
                "SLURM_JOB_CPUS_PER_NODE=72(x2),36",
                "SLURM_PRIO_PROCESS=-5",
                "SLURM_GTIDS=0,1,2",
                "SLURM_JOB_NODELIST=rack[0-1]-n[001-128,200],login.example.org",
                "SLURM_CLUSTER_NAME=big_1",
                "SLURM_JOB_LICENSES=matlab@db:2,fluent",
                "SLURM_GPUS=a100:2,h100:1",
                "SLURM_TRES_PER_TASK=cpu:2,gres/gpu:a100:1",
                "SLURM_SUBMIT_DIR=/home/alice/run 7 (ü)",
                "SLURM_JOB_NAME=a=b; $(c) `d` ü €",
                "CUDA_VISIBLE_DEVICES=",
                "CUDA_VISIBLE_DEVICES=GPU-8f1e,MIG-GPU-b1c2/1/0",
                "NVIDIA_VISIBLE_DEVICES=all",
                "ONEAPI_DEVICE_SELECTOR=level_zero:0;opencl:*",
                "ZE_AFFINITY_MASK=0.1,2",
                "OMP_NUM_THREADS=8,2"
            })
    void valueOfItsFormComesThrough(String variable) {
        String name = variable.substring(0, variable.indexOf('='));
        assertThat(variables(name).variablesFrom(List.of(variable)))
                .containsExactly(Map.entry(name, variable.substring(name.length() + 1)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SLURM_NTASKS=two",
                "SLURM_NTASKS=/etc/passwd",
                "SLURM_NTASKS=$(id)",
                "SLURM_NODELIST=/home/eve/nodes",
                "SLURM_JOB_NODELIST=./nodes",
                "SLURM_JOB_NODELIST=-w/home/eve",
                "SLURM_JOB_PARTITION=a b",
                "SLURM_CLUSTER_NAME=`id`",
                "SLURM_GPUS=/home/eve",
                "SLURM_SUBMIT_DIR=relative",
                "SLURM_SUBMIT_DIR=",
                "CUDA_VISIBLE_DEVICES=/home/eve",
                "CUDA_VISIBLE_DEVICES=0;$(id)",
                "NVIDIA_VISIBLE_DEVICES=-1 --device",
                "OMP_NUM_THREADS=100000",
                "OMP_NUM_THREADS=",
                "OMP_NUM_THREADS=-1"
            })
    void valueOfAnotherFormIsLeftOut(String variable) {
        String name = variable.substring(0, variable.indexOf('='));
        assertThat(variables(name).variablesFrom(List.of(variable))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SLURM_JOB_NAME=a\nB=b",
                "SLURM_JOB_NAME=\0",
                "SLURM_JOB_NAME=\u001b[2J",
                "SLURM_JOB_NAME=\u0085",
                "SLURM_JOB_NAME=\u2028",
                "SLURM_JOB_NAME=\u007f",
                "SLURM_JOB_NAME=\ud800",
                "SLURM_JOB_NAME=x\udc00",
                "SLURM_JOB_NAME",
                "=1",
                "slurm_job_name=1",
                ""
            })
    void whatIsNotPlainIsLeftOut(String variable) {
        assertThat(variables("SLURM_*").variablesFrom(List.of(variable))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "x, 1009, true",
        "x, 1010, false",
        "ü, 504, true",
        "ü, 505, false",
        "\uD83D\uDE00, 252, true",
        "\uD83D\uDE00, 253, false"
    })
    void theLengthIsThatOfTheFrameInBytes(String character, int times, boolean fits) {
        assertThat(variables("SLURM_JOB_NAME")
                        .variablesFrom(List.of("SLURM_JOB_NAME=" + character.repeat(times)))
                        .isEmpty())
                .isEqualTo(!fits);
    }

    @Test
    void onlySoManyComeThrough() {
        List<String> environ = IntStream.range(100, 300)
                .mapToObj(n -> "SLURM_NTASKS_HET_GROUP_" + n + "=" + n)
                .toList();
        assertThat(variables("SLURM_*").variablesFrom(environ).keySet())
                .hasSize(60)
                .startsWith("SLURM_NTASKS_HET_GROUP_100")
                .endsWith("SLURM_NTASKS_HET_GROUP_159");
        assertThat(variables("SLURM_NTASKS_HET_GROUP_250", "SLURM_*")
                        .variablesFrom(environ)
                        .keySet())
                .hasSize(60)
                .startsWith("SLURM_NTASKS_HET_GROUP_250", "SLURM_NTASKS_HET_GROUP_100")
                .endsWith("SLURM_NTASKS_HET_GROUP_158");
    }

    @Test
    void whateverAnEnvironmentHoldsOnlyWhatMayBeListedComesThrough() {
        List<String> names =
                List.of("CONF", "JOB_NAME", "JOBID", "JOB_ID", "NTASKS", "NODELIST", "NODE_ALIASES", "SUBMIT_DIR", "");
        String letters = "=/AJ17\0\n\ud800ü*_[]";
        var random = new Random(4711);
        Inheritance inheritance = variables("SLURM_*");
        for (int round = 0; round < 2_000; round++) {
            var environ = new ArrayList<String>();
            for (int n = random.nextInt(100); n >= 0; n--) {
                var text = new StringBuilder(random.nextInt(4) == 0 ? "" : "=");
                for (int length = random.nextInt(12); length >= 0; length--) {
                    text.append(letters.charAt(random.nextInt(letters.length())));
                }
                environ.add("SLURM_" + names.get(random.nextInt(names.size())) + text);
            }
            Map<String, String> variables = inheritance.variablesFrom(environ);
            assertThat(variables).hasSizeLessThanOrEqualTo(60);
            variables.forEach((name, value) -> {
                assertThat(name).matches("SLURM_(JOB_NAME|JOBID|NTASKS|NODELIST|SUBMIT_DIR)");
                assertThat(value.codePoints()).noneMatch(Character::isISOControl);
                assertThat(name.equals("SLURM_NODELIST") && value.contains("/")).isFalse();
                assertThat(environ).contains(name + "=" + value);
            });
        }
    }

    private static Inheritance variables(String... listed) {
        return new Inheritance(List.of(listed), List.of());
    }
}
