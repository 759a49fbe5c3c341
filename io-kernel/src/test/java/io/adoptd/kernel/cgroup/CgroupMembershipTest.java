package io.adoptd.kernel.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.kernel.proc.Mutations;
import io.adoptd.kernel.proc.ProcCgroup;
import io.adoptd.kernel.proc.ProcException;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layouts as Slurm makes them, and as users and administrators might. The step is job 4 of uid 1000 on node c1. */
class CgroupMembershipTest {

    private static final String V1_INIT = "6:freezer:/\n4:memory:/init.scope\n0::/init.scope\n";
    private static final String V2_INIT = "0::/init.scope\n";

    private static final ExternStep STEP = step(null, null);

    private static ExternStep step(@Nullable Long hetComponent, @Nullable String sluid) {
        return new ExternStep(
                new NodeName("c1"), new JobId(4), hetComponent, new Uid(1000), new StepBegin(1, Instant.EPOCH), sluid);
    }

    private static Membership of(String process, String init, ExternStep step) {
        try {
            return CgroupMembership.of(ProcCgroup.parse(process), ProcCgroup.parse(init), step);
        } catch (ProcException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertIn(String process, String init, ExternStep step) {
        assertThat(of(process, init, step)).isEqualTo(new Membership.InStep());
    }

    private static void assertElsewhere(String process, String init, ExternStep step) {
        assertThat(of(process, init, step)).isInstanceOf(Membership.Elsewhere.class);
    }

    @Nested
    class V1 {

        /** Read of a process that Slurm 24.11.5 had adopted: task/cgroup, ConstrainRAMSpace, several slurmds. */
        private static final String RECORDED = """
                9:name=systemd:/
                8:pids:/
                7:blkio:/
                6:freezer:/slurm_c1/uid_1000/job_4/step_extern
                5:devices:/
                4:memory:/slurm_c1/uid_1000/job_4/step_extern
                3:cpuset:/
                2:cpuacct:/
                1:cpu:/
                0::/
                """;

        @Test
        void whereSlurmHasPutOne() {
            assertIn(RECORDED, "6:freezer:/\n0::/\n", STEP);
        }

        @Test
        void whereTheSameOneIsSeenFromOutsideItsCgroupNamespace() {
            String outside = RECORDED.replaceAll("(?m):/(.*)$", ":/lab/c1/$1").replaceAll("(?m)/$", "");
            assertIn(outside, "6:freezer:/lab/c1\n0::/lab/c1\n", STEP);
            assertElsewhere(outside, "6:freezer:/lab/c2\n0::/lab/c2\n", STEP);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "6:freezer:/slurm/uid_1000/job_4/step_extern",
                    "6:freezer:/slurm_c1/uid_1000/job_4/step_extern",
                    "6:freezer:/slurm/uid_1000/job_4/step_extern/task_0",
                    "6:devices,freezer:/slurm/uid_1000/job_4/step_extern"
                })
        void theFreezerAloneIsEnough(String freezer) {
            assertIn("9:name=systemd:/\n8:pids:/\n" + freezer + "\n0::/\n", V1_INIT, STEP);
        }

        @Test
        void everyControllerThatSlurmUsesAgrees() {
            assertIn("""
                    11:name=systemd:/system.slice/ssh.service
                    10:pids:/system.slice/ssh.service
                    9:hugetlb:/
                    6:freezer:/slurm/uid_1000/job_4/step_extern
                    5:devices:/slurm/uid_1000/job_4/step_extern
                    4:memory:/slurm/uid_1000/job_4/step_extern/task_0
                    3:cpuset:/slurm/uid_1000/job_4/step_extern
                    2:cpu,cpuacct:/slurm/uid_1000/job_4/step_extern/task_0
                    0::/system.slice/ssh.service
                    """, V1_INIT, STEP);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/slurm/uid_1000/job_41/step_extern",
                    "/slurm/uid_1000/job_9/step_extern",
                    "/slurm/uid_1000/job_4/step_batch",
                    "/slurm/uid_1000/job_4/step_0/task_0",
                    "/slurm/uid_1000/job_4",
                    "/slurm/uid_1001/job_4/step_extern",
                    "/slurm/system",
                    "/slurm",
                    "/slurm_c1/uid_1000/job_4/step_extern",
                    "/slurm_c2/uid_1000/job_4/step_extern"
                })
        void oneControllerElsewhereInSlurmsTreesDisprovesIt(String memory) {
            assertThat(of("6:freezer:/slurm/uid_1000/job_4/step_extern\n4:memory:" + memory + "\n", V1_INIT, STEP))
                    .isEqualTo(new Membership.Elsewhere("4:memory:" + memory));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/",
                    "/user.slice",
                    "/system.slice/ssh.service",
                    "/slurmish/uid_1000/job_9/step_extern",
                    "/docker/slurm/uid_1000/job_9/step_extern"
                })
        void aControllerOutsideIsOneThatSlurmDoesNotUse(String memory) {
            assertIn("6:freezer:/slurm/uid_1000/job_4/step_extern\n4:memory:" + memory + "\n", V1_INIT, STEP);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/",
                    "/slurm",
                    "/slurm/uid_1000/job_4",
                    "/slurm/uid_1000/job_4/step_batch",
                    "/slurm/uid_1000/job_4/step_extern+0",
                    "/slurm/uid_1000/job_4/step_externa",
                    "/slurm/uid_1000/job_4/step_extern ",
                    "/slurm/uid_1000/job_4/step_extern:x",
                    "/slurm/uid_1000/job_41/step_extern",
                    "/slurm/uid_1000/job_04/step_extern",
                    "/slurm/uid_1000/job_9/step_extern",
                    "/slurm/uid_10001/job_4/step_extern",
                    "/slurm/uid_0/job_4/step_extern",
                    "/slurm/job_4/step_extern",
                    "/slurm_c2/uid_1000/job_4/step_extern",
                    "/slurm_c11/uid_1000/job_4/step_extern",
                    "/slurm_/uid_1000/job_4/step_extern",
                    "/SLURM/uid_1000/job_4/step_extern",
                    "/mine/slurm/uid_1000/job_4/step_extern",
                    "/slurm/mine/slurm/uid_1000/job_4/step_extern",
                    "/slurm/uid_1000/job_9/step_extern/slurm/uid_1000/job_4/step_extern",
                    "/slurm/uid_1000/job_4/step_extern (deleted)",
                    "/slurm:/uid_1000/job_4/step_extern"
                })
        void aFreezerThatIsNotExactlyTheStepIsElsewhere(String freezer) {
            assertElsewhere("6:freezer:" + freezer + "\n4:memory:/\n0::/\n", V1_INIT, STEP);
            assertElsewhere(
                    "6:freezer:" + freezer + "\n4:memory:/slurm/uid_1000/job_4/step_extern\n0::/\n", V1_INIT, STEP);
        }

        @Test
        void withoutAFreezerNothingIsProven() {
            assertThat(of("4:memory:/slurm/uid_1000/job_4/step_extern\n", V1_INIT, STEP))
                    .isEqualTo(new Membership.Elsewhere(
                            "in no freezer, but in 4:memory:/slurm/uid_1000/job_4/step_extern"));
        }

        @Test
        void aHetComponentIsPartOfTheName() {
            ExternStep second = step(1L, null);
            assertIn("6:freezer:/slurm/uid_1000/job_4/step_extern+1\n", V1_INIT, second);
            assertElsewhere("6:freezer:/slurm/uid_1000/job_4/step_extern\n", V1_INIT, second);
            assertElsewhere("6:freezer:/slurm/uid_1000/job_4/step_extern+11\n", V1_INIT, second);
        }

        @Test
        void inAContainerTheTreeBeginsWhereItsInitIs() {
            String init = "6:freezer:/docker/ab12\n4:memory:/docker/ab12\n";
            assertIn("6:freezer:/docker/ab12/slurm/uid_1000/job_4/step_extern\n4:memory:/docker/ab12\n", init, STEP);
            assertElsewhere("6:freezer:/slurm/uid_1000/job_4/step_extern\n", init, STEP);
            assertElsewhere("6:freezer:/docker/cd34/slurm/uid_1000/job_4/step_extern\n", init, STEP);
            assertElsewhere("""
                    6:freezer:/docker/ab12/slurm/uid_1000/job_4/step_extern
                    4:memory:/docker/ab12/slurm/uid_1000/job_5/step_extern
                    """, init, STEP);
        }

        @Test
        void noChangedByteIsTakenForTheStep() {
            String path = "/slurm_c1/uid_1000/job_4/step_extern";
            Mutations.ofEvery(path, changed -> {
                try {
                    ProcCgroup process = ProcCgroup.parse("6:freezer:" + changed + "\n0::/\n");
                    assertThat(CgroupMembership.of(process, ProcCgroup.parse(V1_INIT), STEP))
                            .as(changed)
                            .isNotEqualTo(new Membership.InStep());
                } catch (ProcException notAPath) {
                    assertThat(notAPath).hasMessageStartingWith("cgroup: ");
                }
            });
        }
    }

    @Nested
    class V2 {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/system.slice/slurmstepd.scope/job_4/step_extern/user/task_special",
                    "/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4/step_extern/user",
                    "/system.slice/c1_slurmstepd.scope/job_4/step_extern/user/task_special",
                    "/slurm.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/site.slice/site-slurm.slice/slurmstepd.scope/job_4/step_extern/user/task_0"
                })
        void whereSlurmPutsIt(String path) {
            assertIn("0::" + path + "\n", V2_INIT, STEP);
        }

        @Test
        void aMountedButUnusedV1HierarchyChangesNothing() {
            String unified = "0::/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0\n";
            assertIn("2:net_cls:/\n" + unified, V2_INIT, STEP);
            assertIn("6:freezer:/\n" + unified, V1_INIT, STEP);
            assertElsewhere("6:freezer:/slurm/uid_1000/job_9/step_extern\n" + unified, V1_INIT, STEP);
        }

        @Test
        void from2605OnTheJobMayBeItsSluid() {
            ExternStep named = step(null, "s2ZNM83NF17200");
            assertIn("0::/system.slice/slurmstepd.scope/s2ZNM83NF17200/step_extern/user/task_0\n", V2_INIT, named);
            assertIn("0::/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0\n", V2_INIT, named);
            assertElsewhere(
                    "0::/system.slice/slurmstepd.scope/s2ZNM83NF17201/step_extern/user/task_0\n", V2_INIT, named);
            assertElsewhere(
                    "0::/system.slice/slurmstepd.scope/s2ZNM83NF17200/step_extern/user/task_0\n", V2_INIT, STEP);
        }

        @Test
        void aHetComponentIsPartOfTheName() {
            ExternStep second = step(1L, null);
            assertIn("0::/system.slice/slurmstepd.scope/job_4/step_extern+1/user/task_0\n", V2_INIT, second);
            assertElsewhere("0::/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0\n", V2_INIT, second);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "/",
                    "/init.scope",
                    "/system.slice/ssh.service",
                    "/user.slice/user-1000.slice/session-3.scope",
                    // the right names, but not the right place
                    "/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/job_4/step_extern/user/task_0",
                    "/user.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/user.slice/user-1000.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/user.slice/user-1000.slice/user@1000.service/job_4/step_extern/user/task_0",
                    "/user.slice/user-1000.slice/user@1000.service/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/user.slice/user-1000.slice/user@1000.service/app.slice/slurmstepd.scope/job_4/step_extern/user/t",
                    "/user.slice/user-1000.slice/user@1000.service/system.slice/slurmstepd.scope/job_4/step_extern/user/t",
                    "/machine.slice/libpod-ab12.scope/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/foo.service/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/foo.service/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/x/job_4/step_extern/user/task_0",
                    // inside another job, even one that delegates
                    "/system.slice/slurmstepd.scope/job_9/step_extern/user/task_0/job_4/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/job_9/step_0/user/task_0/slurmstepd.scope/job_4/step_extern/user/t",
                    "/system.slice/slurmstepd.scope/job_9/job_4/step_extern/user/task_0",
                    // near misses
                    "/system.slice/slurmstepd.scope/job_41/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4x/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/job_04/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/4/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4/step_batch/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4/step_0/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4/step_extern+1/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4/step_extern2/user/task_0",
                    "/system.slice/slurmstepd.scope/job_4",
                    "/system.slice/slurmstepd.scope/system",
                    "/system.slice/slurmstepd.scopes/job_4/step_extern/user/task_0",
                    "/system.slice/xslurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/c2_slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/_slurmstepd.scope/job_4/step_extern/user/task_0",
                    "/system.slice/slurmstepd.scope:/job_4/step_extern/user/task_0",
                    "/system.slicee/slurmstepd.scope/job_4/step_extern/user/task_0",
                    // where the limits are not
                    "/system.slice/slurmstepd.scope/job_4/step_extern",
                    "/system.slice/slurmstepd.scope/job_4/step_extern/slurm",
                    "/system.slice/slurmstepd.scope/job_4/step_extern/users",
                    // removed
                    "/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0 (deleted)"
                })
        void anywhereElse(String path) {
            assertThat(of("0::" + path + "\n", V2_INIT, STEP)).isEqualTo(new Membership.Elsewhere("0::" + path));
        }

        @Test
        void inAContainerTheTreeBeginsWhereItsInitIs() {
            String init = "0::/machine.slice/libpod-ab12.scope/init.scope\n";
            String inside =
                    "0::/machine.slice/libpod-ab12.scope/system.slice/slurmstepd.scope/job_4/step_extern/user/t\n";
            assertIn(inside, init, STEP);
            assertElsewhere("0::/system.slice/slurmstepd.scope/job_4/step_extern/user/t\n", init, STEP);
            assertElsewhere(inside.replace("ab12", "cd34"), init, STEP);
        }

        @Test
        void inACgroupNamespaceInitIsAtTheRoot() {
            assertIn("0::/system.slice/slurmstepd.scope/job_4/step_extern/user/task_0\n", "0::/\n", STEP);
        }

        @Test
        void noChangedByteIsTakenForTheStep() {
            String path = "/system.slice/c1_slurmstepd.scope/job_4/step_extern/user";
            Mutations.ofEvery(path, changed -> {
                try {
                    ProcCgroup process = ProcCgroup.parse("0::" + changed + "\n");
                    Membership membership = CgroupMembership.of(process, ProcCgroup.parse(V2_INIT), STEP);
                    boolean anotherSlice =
                            changed.matches("/[^/]+\\.slice/c1_slurmstepd\\.scope/job_4/step_extern/user");
                    assertThat(membership instanceof Membership.InStep)
                            .as(changed)
                            .isEqualTo(anotherSlice);
                } catch (ProcException notAPath) {
                    assertThat(notAPath).hasMessageStartingWith("cgroup: ");
                }
            });
        }
    }

    @Nested
    class Hidden {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "0::/../slurmstepd.scope/job_4/step_extern/user/task_0",
                    "0::/system.slice/slurmstepd.scope/job_9/../job_4/step_extern/user/task_0",
                    "0::/system.slice/./slurmstepd.scope/job_4/step_extern/user/task_0",
                    "0::/system.slice//slurmstepd.scope/job_4/step_extern/user/task_0",
                    "0::/system.slice/slurmstepd.scope/job_4/step_extern/user/",
                    "6:freezer:/slurm/uid_1000/job_4/step_extern/..",
                    "6:freezer:/slurm/uid_1000/job_4/step_extern\n4:memory:/../slurm/uid_1000/job_4/step_extern"
                })
        void whatCannotBePlacedIsNotJudged(String process) {
            assertThat(of(process + "\n", V1_INIT, STEP)).isInstanceOf(Membership.Unreadable.class);
        }

        @Test
        void anInitAboveUsIsOurOwnNamespacesFault() {
            assertThat(of("0::/\n", "0::/../../init.scope\n", STEP))
                    .isEqualTo(new Membership.Unreadable("not in adoptd's own cgroup namespace: 0::/../../init.scope"));
        }
    }

    @Test
    void whereIsShortEnoughForALog() {
        Membership membership = of("0::/" + "x".repeat(4_000) + "\n", V2_INIT, STEP);
        assertThat(((Membership.Elsewhere) membership).where()).hasSize(201).startsWith("0::/xxx");
    }

    @Test
    void noHierarchyThatSlurmCouldUseIsSaid() {
        assertThat(of("2:net_cls:/\n", "2:net_cls:/\n", STEP))
                .isEqualTo(new Membership.Elsewhere("neither a freezer nor cgroup v2 is mounted"));
    }
}
