package io.adoptd.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.kernel.EnvironmentAnswer;
import io.adoptd.kernel.EnvironmentAnswer.Told;
import io.adoptd.kernel.EnvironmentAnswer.Untold;
import io.adoptd.kernel.LimitsAnswer;
import io.adoptd.kernel.limits.Bound;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.policy.Inheritance;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.stepd.TasksAnswer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class JobInheritanceTest {

    private static final Limit LIMIT = new Limit(Bound.atMost(333), Bound.unlimited());

    private final FakeJob job = new FakeJob();

    @Test
    void theFirstProcessLendsItAll() {
        job.environments.put(10, new Told(List.of("SLURM_NTASKS=2", "PATH=/x", "SLURM_JOB_ID=9")));
        job.environments.put(11, new Told(List.of("SLURM_NTASKS=3")));
        assertThat(inherit(List.of("SLURM_*"), List.of("nofile", "memlock")))
                .isEqualTo(new Inherited(Map.of("SLURM_NTASKS", "2"), "all", ""));
        assertThat(job.asked).containsExactly("environment 10", "limits 10 [NOFILE, MEMLOCK]");
    }

    @Test
    void whoCannotLendIsPassedOver() {
        job.environments.put(10, new Untold("pid 10 has ended"));
        job.environments.put(11, new Told(List.of("SLURM_NTASKS=1")));
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of()))
                .isEqualTo(new Inherited(Map.of("SLURM_NTASKS", "1"), "some", "pid 10 has ended"));
        assertThat(job.asked).containsExactly("environment 10", "environment 11");
    }

    @Test
    void anEmptyLoanIsALoan() {
        job.environments.put(10, new Told(List.of("SLURM_NPROCS=1")));
        job.environments.put(11, new Told(List.of("SLURM_NTASKS=1")));
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of())).isEqualTo(new Inherited(Map.of(), "all", ""));
    }

    @Test
    void limitsAloneNeedNoEnvironment() {
        assertThat(inherit(List.of(), List.of("memlock"))).isEqualTo(new Inherited(Map.of(), "all", ""));
        assertThat(job.asked).containsExactly("limits 10 [MEMLOCK]");
    }

    @Test
    void limitsOfAProcessThatHasEndedAreTakenFromTheNext() {
        job.limits.put(10, new LimitsAnswer(Map.of(), Map.of(Resource.MEMLOCK, "pid 10 has ended")));
        assertThat(inherit(List.of(), List.of("memlock")))
                .isEqualTo(new Inherited(Map.of(), "some", "memlock: pid 10 has ended"));
        assertThat(job.asked).containsExactly("limits 10 [MEMLOCK]", "limits 11 [MEMLOCK]");
    }

    @Test
    void aLimitThatCannotBeSetKeepsNoVariableAway() {
        job.environments.put(10, new Told(List.of("SLURM_NTASKS=1")));
        job.limits.put(10, new LimitsAnswer(Map.of(), Map.of(Resource.MEMLOCK, "prlimit 42: EPERM")));
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of("memlock")))
                .isEqualTo(new Inherited(Map.of("SLURM_NTASKS", "1"), "some", "memlock: prlimit 42: EPERM"));
        assertThat(job.asked).containsExactly("environment 10", "limits 10 [MEMLOCK]");
    }

    @Test
    void aJobWithoutAProcessHasNothingToLend() {
        job.tasks = new TasksAnswer(List.of(), "");
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of("core")))
                .isEqualTo(new Inherited(Map.of(), "none", "no process of the job is running here"));
        job.tasks = new TasksAnswer(List.of(), "c1_7.0: SILENT");
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of("core")))
                .isEqualTo(new Inherited(Map.of(), "none", "c1_7.0: SILENT"));
    }

    @Test
    void onlySoManyAreAsked() {
        job.tasks = new TasksAnswer(List.of(20, 21, 22, 23, 24, 25), "");
        assertThat(inherit(List.of("SLURM_NTASKS"), List.of()).outcome()).isEqualTo("none");
        assertThat(job.asked).hasSize(4);
    }

    @Test
    void everyLimitThatMayBeListedIsOneOfTheKernels() {
        assertThat(Inheritance.LIMITS)
                .allSatisfy(limit -> assertThat(Resource.ofWord(limit)).isPresent());
        assertThat(Inheritance.LIMITS).hasSize(Resource.values().length - 1);
    }

    private Inherited inherit(List<String> variables, List<String> limits) {
        var deadline = Deadline.in(Duration.ofSeconds(5), LoginClock.monotonic(Schedulers.parallel()));
        return Samples.answerOf(new JobInheritance(new Inheritance(variables, limits), job)
                .inherit(Samples.SSHD, Samples.step(7, 1), deadline));
    }

    /** Two processes, who lend any limit. */
    private static final class FakeJob implements JobInheritance.Job {

        private final List<String> asked = new ArrayList<>();
        private final Map<Integer, EnvironmentAnswer> environments = new TreeMap<>();
        private final Map<Integer, LimitsAnswer> limits = new TreeMap<>();
        private TasksAnswer tasks = new TasksAnswer(List.of(10, 11), "");

        @Override
        public Mono<TasksAnswer> tasks(ExternStep step, Deadline deadline) {
            return Mono.just(tasks);
        }

        @Override
        public Mono<EnvironmentAnswer> environment(int pid, Uid owner, Deadline deadline) {
            asked.add("environment " + pid);
            return Mono.just(environments.getOrDefault(pid, new Untold("pid " + pid + " is not uid " + owner + "'s")));
        }

        @Override
        public Mono<LimitsAnswer> copyLimits(
                int pid, Uid owner, LoginProcess to, Set<Resource> resources, Deadline deadline) {
            asked.add("limits " + pid + " " + resources);
            var set = new TreeMap<Resource, Limit>();
            resources.forEach(resource -> set.put(resource, LIMIT));
            return Mono.just(limits.getOrDefault(pid, new LimitsAnswer(set, Map.of())));
        }
    }
}
