package io.adoptd.bench;

import io.adoptd.bench.sim.OwnMunged;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.munge.MungeCredentials;
import io.adoptd.slurmd.wire.Bytes;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.scheduler.Schedulers;

/**
 * What do credentials cost, with the real libmunge and a munged of our own: making one, as for each question, and making
 * and verifying one? A credential is verified once only, so that there is no verifying alone.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MungeBenchmark {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Bytes payload = Bytes.of(new byte[33]);
    private final LoginClock clock = LoginClock.monotonic(Schedulers.parallel());

    @SuppressWarnings("NullAway.Init")
    private OwnMunged munged;

    @SuppressWarnings("NullAway.Init")
    private MungeCredentials credentials;

    @Setup(Level.Trial)
    public void start() throws Exception {
        munged = OwnMunged.start();
        credentials = new MungeCredentials(munged::authInfo);
    }

    @TearDown(Level.Trial)
    public void stop() throws Exception {
        credentials.close();
        munged.close();
    }

    @Benchmark
    public Token make() {
        MakeAnswer answer = credentials.make(payload, deadline()).block();
        if (answer instanceof MakeAnswer.Made made) {
            return made.credential();
        }
        throw new IllegalStateException(String.valueOf(answer));
    }

    @Benchmark
    public VerifyAnswer makeAndVerify() {
        VerifyAnswer answer =
                Objects.requireNonNull(credentials.verify(make(), deadline()).block());
        if (answer instanceof VerifyAnswer.Verified) {
            return answer;
        }
        throw new IllegalStateException(answer.toString());
    }

    private Deadline deadline() {
        return Deadline.in(PATIENCE, clock);
    }
}
