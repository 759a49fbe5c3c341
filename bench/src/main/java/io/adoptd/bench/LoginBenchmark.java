package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedLogin;
import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.bench.sim.SimulatedStepds.Manner;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.pipeline.model.Uid;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.infra.Blackhole;

/** How long is one login, from the frame sent to the verdict read, over real sockets to simulated daemons? */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
public class LoginBenchmark {

    /** The kind of login. */
    public enum Kind {
        ONE_JOB("alice", 2001, SimulatedNode.REFUSES),
        NO_JOB("bob", 2002, SimulatedNode.REFUSES),
        SEVERAL_REFUSED("carol", 2003, SimulatedNode.REFUSES),
        SEVERAL_ANSWERED("carol", 2003, SimulatedNode.ANSWERS);

        private final String user;
        private final long uid;
        private final String source;

        Kind(String user, long uid, String source) {
            this.user = user;
            this.uid = uid;
            this.source = source;
        }

        byte[] frame() {
            return SimulatedLogin.frame(user, new Uid(uid), source);
        }
    }

    @Param
    Kind kind = Kind.ONE_JOB;

    private @Nullable SimulatedNode node;
    private @Nullable GatewayClient client;
    private byte[] frame = new byte[0];

    @Setup(Level.Trial)
    public void start() throws Exception {
        var started = new SimulatedNode();
        node = started;
        started.stepds().run(11, new Uid(2001), Manner.HONEST);
        started.stepds().run(30, new Uid(2003), Manner.HONEST);
        started.stepds().run(SimulatedNode.SOURCE_JOB, new Uid(2003), Manner.HONEST);
        client = started.client();
        frame = kind.frame();
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        Objects.requireNonNull(node).close();
    }

    @Benchmark
    public void login(Blackhole hole) throws Exception {
        Reply reply = Objects.requireNonNull(client).ask(frame);
        if (!(reply instanceof Reply.VerdictReply)) {
            throw new IllegalStateException("not decided: " + reply);
        }
        hole.consume(reply);
    }
}
