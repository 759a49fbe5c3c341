package io.adoptd.gateway;

import io.adoptd.kernel.EnvironmentAnswer;
import io.adoptd.kernel.KernelProcesses;
import io.adoptd.kernel.LimitsAnswer;
import io.adoptd.kernel.limits.Resource;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.policy.Inheritance;
import io.adoptd.pipeline.port.JobSettings;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.stepd.JobTasks;
import io.adoptd.slurmd.stepd.TasksAnswer;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A job's settings, from the first process of the job that has some to lend: the slurmstepds tell which those are, the
 * kernel what they have.
 */
final class JobInheritance implements JobSettings {

    private static final int MOST_LENDERS = 4;

    /** What a job's processes are asked for. */
    interface Job {

        Mono<TasksAnswer> tasks(ExternStep step, Deadline deadline);

        Mono<EnvironmentAnswer> environment(int pid, Uid owner, Deadline deadline);

        Mono<LimitsAnswer> copyLimits(int pid, Uid owner, LoginProcess to, Set<Resource> resources, Deadline deadline);
    }

    private final Inheritance listed;
    private final Set<Resource> resources;
    private final Job job;

    JobInheritance(Inheritance listed, Job job) {
        this.listed = listed;
        this.resources = listed.limits().stream()
                .map(word -> Resource.ofWord(word).orElseThrow(() -> new IllegalStateException("no limit " + word)))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Resource.class)));
        this.job = job;
    }

    /** Those of this node; of nobody when nothing is listed. */
    static JobSettings of(Inheritance listed, JobTasks tasks, KernelProcesses processes) {
        return listed.isEmpty() ? JobSettings.none() : new JobInheritance(listed, new OfThisNode(tasks, processes));
    }

    private record OfThisNode(JobTasks tasks, KernelProcesses processes) implements Job {

        @Override
        public Mono<TasksAnswer> tasks(ExternStep step, Deadline deadline) {
            return tasks.of(step, deadline);
        }

        @Override
        public Mono<EnvironmentAnswer> environment(int pid, Uid owner, Deadline deadline) {
            return processes.environment(pid, owner, deadline);
        }

        @Override
        public Mono<LimitsAnswer> copyLimits(
                int pid, Uid owner, LoginProcess to, Set<Resource> resources, Deadline deadline) {
            return processes.copyLimits(pid, owner, to, resources, deadline);
        }
    }

    /** {@inheritDoc} Half of the time is for finding out whom to ask. */
    @Override
    public Mono<Inherited> inherit(LoginProcess process, ExternStep step, Deadline deadline) {
        return Mono.defer(() ->
                        job.tasks(step, deadline.slice(deadline.remaining().dividedBy(2))))
                .flatMap(tasks -> firstLoan(tasks, process, step.owner(), deadline));
    }

    private Mono<Inherited> firstLoan(TasksAnswer tasks, LoginProcess process, Uid owner, Deadline deadline) {
        var refusals = new LinkedHashSet<String>();
        if (!tasks.why().isEmpty()) {
            refusals.add(tasks.why());
        }
        return Flux.fromIterable(tasks.pids())
                .take(MOST_LENDERS)
                .concatMap(pid -> lend(pid, process, owner, deadline))
                .doOnNext(loan -> refusals.addAll(loan.why()))
                .filter(Loan::isMade)
                .next()
                .map(loan -> new Inherited(loan.variables(), refusals.isEmpty() ? "all" : "some", together(refusals)))
                .switchIfEmpty(Mono.fromSupplier(() -> new Inherited(Map.of(), "none", nobody(refusals))));
    }

    private static String nobody(Set<String> refusals) {
        return refusals.isEmpty() ? "no process of the job is running here" : together(refusals);
    }

    private static String together(Set<String> refusals) {
        return String.join("; ", refusals);
    }

    /**
     * What one process lent.
     *
     * @param isMade whether nobody else has to be asked
     */
    private record Loan(boolean isMade, Map<String, String> variables, List<String> why) {}

    private Mono<Loan> lend(int pid, LoginProcess process, Uid owner, Deadline deadline) {
        return environment(pid, owner, deadline)
                .flatMap(environment -> environment.fold(
                        told -> lendLimits(pid, process, owner, deadline)
                                .map(limits -> loan(listed.variablesFrom(told.variables()), limits)),
                        untold -> Mono.just(new Loan(false, Map.of(), List.of(untold.why())))));
    }

    private Mono<EnvironmentAnswer> environment(int pid, Uid owner, Deadline deadline) {
        return listed.variables().isEmpty()
                ? Mono.just(new EnvironmentAnswer.Told(List.of()))
                : job.environment(pid, owner, deadline);
    }

    private Mono<LimitsAnswer> lendLimits(int pid, LoginProcess process, Uid owner, Deadline deadline) {
        return resources.isEmpty()
                ? Mono.just(new LimitsAnswer(Map.of(), Map.of()))
                : job.copyLimits(pid, owner, process, resources, deadline);
    }

    /** A process that has ended has no limits; that it has no variables is told before. */
    private Loan loan(Map<String, String> variables, LimitsAnswer limits) {
        boolean made = !listed.variables().isEmpty() || !limits.set().isEmpty();
        return new Loan(
                made,
                variables,
                limits.unset().entrySet().stream()
                        .map(unset -> unset.getKey().word() + ": " + unset.getValue())
                        .toList());
    }
}
