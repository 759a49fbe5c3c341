package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.Reply;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** How long is the first login from a source that drops packets? The slice of callerid (800 ms), and then? */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3)
@Measurement(iterations = 10)
public class FirstDropBenchmark {

    private static final int WARM_UP = 500;

    private final LoginKind kind = LoginKind.DROPPED_NEXT;

    @SuppressWarnings("NullAway.Init")
    private SimulatedNode node;

    @SuppressWarnings("NullAway.Init")
    private GatewayClient client;

    @Setup(Level.Trial)
    public void start() throws Exception {
        node = new SimulatedNode();
        kind.startJobs(node, 0);
        client = node.client();
        byte[] warm = LoginKind.SEVERAL_REFUSED.frame();
        for (int i = 0; i < WARM_UP; i++) {
            LoginKind.SEVERAL_REFUSED.logIn(client, warm);
        }
    }

    @Setup(Level.Iteration)
    public void forget() {
        node.forgetSources();
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        node.close();
    }

    @Benchmark
    public Reply login() throws Exception {
        var verdict = kind.logIn(client, kind.frame());
        if (!String.valueOf(verdict.detail()).contains("callerid=timed_out")) {
            throw new IllegalStateException("it was not asked: " + verdict);
        }
        return verdict;
    }
}
