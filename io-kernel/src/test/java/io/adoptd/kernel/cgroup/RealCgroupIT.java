package io.adoptd.kernel.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adoptd.kernel.Child;
import io.adoptd.kernel.KernelProcesses;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.kernel.proc.ProcCgroup.Line;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/**
 * Processes in cgroups of this machine. The paths are the real ones, anchored at the hierarchy's root: the NodeName is
 * the test's own, and so is the tree that Slurm would give it.
 */
class RealCgroupIT {

    private static final String NODE = "adoptd-it-" + ProcessHandle.current().pid();
    private static final String V1_TREE = "slurm_" + NODE;
    private static final String SLICE = NODE + ".slice";
    private static final String SCOPE = NODE + "_slurmstepd.scope";

    private final ExternStep step = new ExternStep(
            new NodeName(NODE), new JobId(4), null, new Uid(1000), new StepBegin(1, Instant.EPOCH), null);

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    @SuppressWarnings("NullAway.Init")
    private Child child;

    @BeforeEach
    void start() throws Exception {
        processes = KernelProcesses.ofThisHost();
        child = Child.sleeping();
        assumeTrue(OwnProcess.effectiveUid() == 0, "only root makes cgroups");
    }

    @AfterEach
    void end() {
        child.end();
        processes.close();
    }

    /** The tree is closed only after the child has ended, whatever became of the test. */
    private interface InTree {
        void run(CgroupTree tree) throws Exception;
    }

    private void in(String hierarchy, String top, InTree test) throws Exception {
        Optional<Path> mount = CgroupTree.mountOf(hierarchy);
        assumeTrue(mount.isPresent(), "no " + hierarchy + " hierarchy is mounted here");
        assumeTrue(Files.isWritable(mount.orElseThrow()), "the " + hierarchy + " hierarchy is read-only here");
        try (CgroupTree tree = CgroupTree.create(mount.orElseThrow(), top)) {
            try {
                test.run(tree);
            } finally {
                child.end();
            }
        }
    }

    private Membership membership() throws Exception {
        var process =
                new LoginProcess(child.pid(), processes.startTicks(child.pid()).orElseThrow());
        return Samples.answerOf(processes.membership(
                process, step, Deadline.in(Duration.ofSeconds(5), LoginClock.monotonic(Schedulers.parallel()))));
    }

    private void assertElsewhere(String where) throws Exception {
        assertThat(membership())
                .isInstanceOfSatisfying(
                        Membership.Elsewhere.class,
                        elsewhere -> assertThat(elsewhere.where()).contains(where));
    }

    @Test
    void v1FollowsTheProcess() throws Exception {
        in("freezer", V1_TREE, freezer -> {
            assertThat(membership()).isInstanceOf(Membership.Elsewhere.class);
            freezer.take(child, "uid_1000/job_41/step_extern");
            assertElsewhere("freezer:/" + V1_TREE + "/uid_1000/job_41/step_extern");
            freezer.take(child, "uid_1000/job_4/step_extern");
            assertThat(membership()).isEqualTo(new Membership.InStep());
            freezer.take(child, "uid_1000/job_4/step_extern/task_0");
            assertThat(membership()).isEqualTo(new Membership.InStep());
            freezer.take(child, "uid_1000/job_4");
            assertElsewhere("freezer:/" + V1_TREE + "/uid_1000/job_4");
        });
    }

    @Test
    void v1IsInTheStepWithEveryControllerOrNotAtAll() throws Exception {
        in(
                "freezer",
                V1_TREE,
                freezer -> in("pids", V1_TREE, pids -> {
                    freezer.take(child, "uid_1000/job_4/step_extern");
                    pids.take(child, "uid_1000/job_9/step_extern");
                    assertElsewhere("pids:/" + V1_TREE + "/uid_1000/job_9/step_extern");
                    pids.take(child, "uid_1000/job_4/step_extern/task_0");
                    assertThat(membership()).isEqualTo(new Membership.InStep());
                }));
    }

    @Test
    void v1BelowSomeoneElsesNameIsElsewhere() throws Exception {
        in("freezer", NODE, freezer -> {
            freezer.take(child, V1_TREE + "/uid_1000/job_4/step_extern");
            assertElsewhere("freezer:/" + NODE + "/" + V1_TREE);
        });
    }

    @Test
    void v2FollowsTheProcess() throws Exception {
        in("cgroup2", SLICE, unified -> {
            assertThat(membership()).isInstanceOf(Membership.Elsewhere.class);
            unified.take(child, SCOPE + "/job_4/step_extern/user/task_special");
            assertThat(membership()).isEqualTo(new Membership.InStep());
            unified.take(child, SCOPE + "/job_4/step_extern/slurm");
            assertElsewhere("0::/" + SLICE + "/" + SCOPE + "/job_4/step_extern/slurm");
            unified.take(child, SCOPE + "/job_41/step_extern/user/task_special");
            assertElsewhere("job_41");
            unified.take(child, "x.service/" + SCOPE + "/job_4/step_extern/user/task_special");
            assertElsewhere("x.service");
        });
    }

    @Test
    void strangeNamesArriveAsTheyAre() throws Exception {
        in("cgroup2", SLICE, unified -> {
            String name = SCOPE + ":/job_4/step_extern/user/a b:\r(deleted)";
            unified.take(child, name);
            assertThat(unified().path()).isEqualTo("/" + SLICE + "/" + name);
            assertThat(membership()).isInstanceOf(Membership.Elsewhere.class);
        });
    }

    private Line unified() throws Exception {
        return new Proc("/proc").cgroup(child.pid()).orElseThrow().unified().orElseThrow();
    }

    @Test
    void aRemovedCgroupIsMarkedByTheKernel() throws Exception {
        in("cgroup2", SLICE, unified -> {
            try (Child parent = Child.start("sh", "-c", "sleep 600 & echo $!; exec sleep 600")) {
                int zombie = Integer.parseInt(parent.process().inputReader().readLine());
                try {
                    unified.take(zombie, "gone");
                } finally {
                    ProcessHandle.of(zombie).orElseThrow().destroyForcibly();
                }
                var proc = new Proc("/proc");
                await().until(() -> !proc.stat(zombie).orElseThrow().isAlive());
                await().ignoreExceptions().untilAsserted(() -> unified.remove("gone"));
                assertThat(proc.cgroup(zombie).orElseThrow().unified())
                        .hasValueSatisfying(line -> assertThat(line.deleted()).isTrue());
            }
        });
    }
}
