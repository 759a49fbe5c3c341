package io.adoptd.bench.sim;

import io.adoptd.kernel.KernelProcesses;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/** The kernel's real answer to whether a process is still the same, and the simulated stepds' to where it is. */
final class SimulatedProcesses implements Processes {

    private final KernelProcesses kernel;
    private final SimulatedStepds stepds;

    SimulatedProcesses(KernelProcesses kernel, SimulatedStepds stepds) {
        this.kernel = kernel;
        this.stepds = stepds;
    }

    @Override
    public Mono<Boolean> isStill(LoginProcess process) {
        return kernel.isStill(process);
    }

    @Override
    public Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline) {
        return Mono.fromSupplier(() -> step.job().equals(stepds.jobOf(process.pid()))
                ? new Membership.InStep()
                : new Membership.Elsewhere("no simulated step took it in"));
    }
}
