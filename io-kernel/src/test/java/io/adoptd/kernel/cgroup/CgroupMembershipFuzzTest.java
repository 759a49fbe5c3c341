package io.adoptd.kernel.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.kernel.proc.ProcCgroup;
import io.adoptd.kernel.proc.ProcException;
import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Users name cgroups as they like, where one is delegated to them. */
class CgroupMembershipFuzzTest {

    private static final String SLUID = "s0123456789ABC";
    private static final ExternStep STEP = new ExternStep(
            new NodeName("c1"), new JobId(4), null, new Uid(1000), new StepBegin(1, Instant.EPOCH), SLUID);

    /**
     * One input is the cgroup file of the process, a record separator, the one of pid 1. Whoever is found in the step
     * is so by a line that names this job and its extern step, and names them in a place that is Slurm's.
     */
    @MethodSource("pairs")
    @DictionaryEntries({
        "/slurm",
        "/slurm_c1",
        "/uid_1000",
        "/job_4",
        "1",
        "/step_extern",
        "/user",
        ".slice/",
        "slurmstepd.scope",
        "c1_",
        "/..",
        "//",
        " (deleted)",
        "6:freezer:/",
        "0::/",
        "\\x0a",
        "\\x1e"
    })
    @FuzzTest
    void nobodyIsInAStepThatNoLineNames(byte[] bytes) {
        String[] texts = Hostile.text(bytes).split("\u001e", 2);
        Hostile.readsCheaply(bytes, () -> {
            try {
                ProcCgroup process = ProcCgroup.parse(texts[0]);
                Membership membership =
                        CgroupMembership.of(process, ProcCgroup.parse(texts.length > 1 ? texts[1] : "0::/\n"), STEP);
                if (membership instanceof Membership.InStep) {
                    assertThat(process.lines()).anySatisfy(line -> {
                        assertThat(line.deleted()).isFalse();
                        assertThat(line.path() + "/")
                                .matches(
                                        line.hierarchy() == 0
                                                ? "(?s).*\\.slice/(c1_)?slurmstepd\\.scope/(job_4|" + SLUID
                                                        + ")/step_extern/user/.*"
                                                : "(?s).*/slurm(_c1)?/uid_1000/job_4/step_extern/.*");
                    });
                } else if (membership instanceof Membership.Elsewhere elsewhere) {
                    assertThat(elsewhere.where()).hasSizeLessThan(300);
                }
            } catch (ProcException refused) {
                assertThat(refused).hasMessageStartingWith("cgroup: ");
            }
        });
    }

    static Stream<byte[]> pairs() {
        return Hostile.texts(
                """
                6:freezer:/slurm_c1/uid_1000/job_4/step_extern
                4:memory:/slurm_c1/uid_1000/job_4/step_extern/task_0
                0::/
                \u001e6:freezer:/
                4:memory:/init.scope
                0::/init.scope
                """,
                "6:freezer:/lab/c1/slurm/uid_1000/job_4/step_extern\n\u001e6:freezer:/lab/c1\n",
                "0::/system.slice/slurmstepd.scope/job_4/step_extern/user/task_special\n\u001e0::/init.scope\n",
                "0::/system.slice/c1_slurmstepd.scope/" + SLUID + "/step_extern/user\n\u001e0::/init.scope\n",
                "6:freezer:/slurm/uid_1000/job_41/step_extern\n1:cpu:/slurm/uid_1001/job_4/step_extern (deleted)\n",
                "0::/system.slice/slurmstepd.scope/job_4/step_extern+1/user\n\u001e0::/\n",
                "0::/user.slice/slurmstepd.scope/job_4/step_extern/user\n\u001e0::/../x\n");
    }
}
