package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.Reply;
import java.time.Duration;
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
 * How long is one login, from the frame sent to the verdict read, over real sockets to simulated daemons? What is
 * allocated is the client's and the simulated daemons' as well; {@code LoginCostIT} counts the daemon's own.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
public class LoginBenchmark {

    @Param
    LoginKind kind = LoginKind.ONE_JOB;

    /** Extern steps on the node, as long as the user's own are no more. */
    @Param("1")
    int steps = 1;

    /** What each slurmstepd, and the source's slurmd, takes for an answer. */
    @Param("0")
    int delayMicros;

    @SuppressWarnings("NullAway.Init")
    private SimulatedNode node;

    @SuppressWarnings("NullAway.Init")
    private GatewayClient client;

    private byte[] frame = new byte[0];

    @Setup(Level.Trial)
    public void start() throws Exception {
        node = new SimulatedNode(Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(delayMicros)));
        kind.startJobs(node, steps);
        client = node.client();
        frame = kind.frame();
        kind.logIn(client, frame); // the one that a source which drops costs its slice
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        node.close();
    }

    @Benchmark
    public Reply login() throws Exception {
        return kind.logIn(client, frame);
    }
}
