package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.time.Deadline;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * What else a slurmstepd tells of its step. Each is asked in a conversation of its own, and answered once, at the
 * deadline the latest; whatever the slurmstepd does is an answer, not an error.
 */
public final class StepdQuestions {

    private final Stepds stepds;

    public StepdQuestions(Stepds stepds) {
        this.stepds = stepds;
    }

    public Mono<StepdAnswer<StepState>> state(ExternStep step, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.state(peer.version(), Turn.Done::new), deadline);
    }

    /** The pid of the slurmstepd, as it says itself. */
    public Mono<StepdAnswer<Integer>> daemonPid(ExternStep step, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.daemonPid(Turn.Done::new), deadline);
    }

    /** Whether the step counts a process as its own; with proctrack/linuxproc it never does for an adopted one. */
    public Mono<StepdAnswer<Boolean>> pidInContainer(ExternStep step, int pid, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.pidInContainer(pid, Turn.Done::new), deadline);
    }

    public Mono<StepdAnswer<X11Display>> x11Display(ExternStep step, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.x11Display(Turn.Done::new), deadline);
    }

    /**
     * The namespaces of the step, in the order in which a process has to join them; none if it has none of its own.
     * Whoever gets the answer closes the descriptors in it, also when it comes just after a cancel; until then they are
     * closed here, at a cancel as at a failure. So nothing that throws answers away may stand between: no timeout, no
     * other thread.
     */
    public Mono<StepdAnswer<List<Namespace>>> namespaces(ExternStep step, Deadline deadline) {
        return stepds.ask(step, peer -> Requests.namespaces(peer.version(), Turn.Done::new), deadline);
    }
}
