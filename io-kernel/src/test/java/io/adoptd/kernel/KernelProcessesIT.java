package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.port.ProcessesContractTest;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Schedulers;

/** The port's contract against this kernel. */
class KernelProcessesIT extends ProcessesContractTest {

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    private final List<Child> children = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        processes = KernelProcesses.ofThisHost();
    }

    @AfterEach
    void end() {
        children.forEach(Child::end);
        processes.close();
    }

    @Override
    protected Processes processes() {
        return processes;
    }

    @Override
    protected LoginProcess living() throws Exception {
        Child child = Child.sleeping();
        children.add(child);
        return process(child);
    }

    @Override
    protected LoginProcess ended() throws Exception {
        try (Child child = Child.sleeping()) {
            return process(child);
        }
    }

    private LoginProcess process(Child child) throws Exception {
        return new LoginProcess(child.pid(), processes.startTicks(child.pid()).orElseThrow());
    }

    @Test
    void remainsAreGone() throws Exception {
        Child parent = Child.start("sh", "-c", "sleep 0.1 & echo $!; exec sleep 600");
        children.add(parent);
        int pid = Integer.parseInt(parent.process().inputReader().readLine());
        await().until(() -> processes.startTicks(pid).isEmpty());
        var zombie =
                new LoginProcess(pid, new Proc("/proc").stat(pid).orElseThrow().startTicks());
        assertThat(Samples.answerOf(processes.isStill(zombie, inTime()))).isFalse();
        assertThat(Samples.answerOf(processes.membership(zombie, Samples.step(7, 1), inTime())))
                .isEqualTo(new Membership.ProcessGone());
    }

    @Test
    void aClosedReaderAnswersAtOnce() throws Exception {
        LoginProcess living = living();
        processes.close();
        assertThat(Samples.answerOf(processes.isStill(living, inTime()))).isFalse();
        assertThat(Samples.answerOf(processes.membership(living, Samples.step(7, 1), inTime())))
                .isEqualTo(new Membership.Unreadable("too many processes to be read at once"));
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        LoginProcess living = living();
        LoginProcess ended = ended();
        Descriptors.assertNoneLeftBy(() -> {
            Samples.answerOf(processes.membership(living, Samples.step(7, 1), inTime()));
            Samples.answerOf(processes.isStill(ended, inTime()));
        });
    }

    private static Deadline inTime() {
        return Deadline.in(Duration.ofSeconds(5), LoginClock.monotonic(Schedulers.parallel()));
    }
}
