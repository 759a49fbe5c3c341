package io.adoptd.bench;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmConfPlaces;
import io.adoptd.slurmd.conf.SlurmConfSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

/** What does slurm.conf cost: reading it whole, and seeing for a login that it has not changed? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SlurmConfBenchmark {

    /** Each has a line of its own. */
    @Param({"2", "5000"})
    int nodes = 2;

    @SuppressWarnings("NullAway.Init")
    private Path file;

    @SuppressWarnings("NullAway.Init")
    private SlurmConfSource source;

    @Setup(Level.Trial)
    public void write() throws IOException {
        file = Files.createTempFile("slurm", ".conf");
        Files.write(
                file,
                Stream.concat(
                                Stream.of(
                                        "ClusterName=bench", "SlurmUser=slurm", "SlurmdSpoolDir=/var/spool/slurmd/%n"),
                                IntStream.range(0, nodes)
                                        .mapToObj(node -> "NodeName=n" + node
                                                + " CPUs=64 RealMemory=256000 Gres=gpu:4 Feature=\"a,b\" # a comment"))
                        .toList());
        source = fresh();
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        Files.delete(file);
    }

    @Benchmark
    public SlurmConf read() throws NodeFaultException {
        return fresh().current();
    }

    @Benchmark
    public SlurmConf unchanged() throws NodeFaultException {
        return source.current();
    }

    private SlurmConfSource fresh() {
        return new SlurmConfSource(new SlurmConfPlaces(file, null, List.of()), name -> Optional.of(new Uid(64_030)));
    }
}
