package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.kernel.KernelProcesses;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.ExternSteps;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do a login's two dealings with slurmstepds cost: finding the user's step among those of the node, and having it
 * adopt? And what does the bare exchange cost that nobody can do without, the floor?
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StepsBenchmark {

    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final long JOB = 11;
    private static final int HELLO = 0x2D00;
    private static final int ADD_EXTERN_PID = 22;

    /** Extern steps on the node. */
    @Param({"1", "64", "256"})
    int steps = 1;

    private final LoginKind kind = LoginKind.ONE_JOB;
    private final int pid = (int) ProcessHandle.current().pid();
    private final ByteBuffer words = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());

    @SuppressWarnings("NullAway.Init")
    private SimulatedNode node;

    @SuppressWarnings("NullAway.Init")
    private ExternSteps externSteps;

    @SuppressWarnings("NullAway.Init")
    private Adoption adoption;

    @SuppressWarnings("NullAway.Init")
    private ExternStep step;

    @SuppressWarnings("NullAway.Init")
    private LoginProcess process;

    @SuppressWarnings("NullAway.Init")
    private UnixDomainSocketAddress socket;

    @Setup(Level.Trial)
    public void start() throws Exception {
        node = new SimulatedNode();
        kind.startJobs(node, steps);
        externSteps = node.externSteps();
        adoption = node.adoption();
        step = found(find()).steps().newest();
        try (var kernel = KernelProcesses.ofThisHost()) {
            process = new LoginProcess(pid, kernel.startTicks(pid).orElseThrow());
        }
        socket = UnixDomainSocketAddress.of(node.stepSocket(JOB));
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        node.close();
    }

    @Benchmark
    public StepsAnswer find() {
        return Objects.requireNonNull(
                externSteps.ownedBy(kind.uid(), null, node.deadline(PATIENCE)).block());
    }

    @Benchmark
    public AdoptOutcome adopt() {
        try (var luggage = new Luggage()) {
            AdoptOutcome outcome = Objects.requireNonNull(
                    adoption.adopt(process, step, Wants.NOTHING, luggage, node.deadline(PATIENCE))
                            .block());
            if (outcome instanceof AdoptOutcome.Accepted) {
                return outcome;
            }
            throw new IllegalStateException(outcome.toString());
        }
    }

    /** Connect, hello, "add pid", and both answers, with as little around it as Java can. */
    @Benchmark
    public int floor() throws IOException {
        try (var channel = SocketChannel.open(socket)) {
            channel.write(words.clear()
                    .putInt(HELLO)
                    .putInt(ADD_EXTERN_PID)
                    .putInt(pid)
                    .flip());
            words.clear().limit(2 * Integer.BYTES);
            while (words.hasRemaining()) {
                if (channel.read(words) < 0) {
                    throw new IOException("the slurmstepd hung up");
                }
            }
            return words.getInt(Integer.BYTES);
        }
    }

    private static StepsAnswer.Found found(StepsAnswer answer) {
        return answer.fold(found -> found, fault -> {
            throw new IllegalStateException(fault.toString());
        });
    }
}
