package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.conf.HostNames;
import io.adoptd.slurmd.conf.HostnameSource;
import io.adoptd.slurmd.conf.LocalNodes;
import io.adoptd.slurmd.conf.SlurmConfPlaces;
import io.adoptd.slurmd.conf.SlurmConfSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** A node of a test: a slurm.conf, a spool directory, slurmstepds with their sockets in it, and our view of them. */
final class TestNode implements AutoCloseable {

    static final NodeName C1 = new NodeName("c1");
    static final Uid OWN = own();

    private final Path dir;
    private final LoopResources loops = LoopResources.create("stepd", 1, true);
    private final Scheduler timers = Schedulers.newSingle("timers", true);
    private final LastSeenVersion lastSeen = new LastSeenVersion();
    private final List<FakeStepd> running = new ArrayList<>();
    private final Stepds stepds;
    private volatile IntToLongFunction ticks = pid -> pid;

    TestNode(Path dir) throws IOException {
        this(dir, () -> "c1.site.org");
    }

    TestNode(Path dir, HostnameSource hostname) throws IOException {
        this(dir, hostname, StepsSettings.DEFAULT);
    }

    TestNode(Path dir, HostnameSource hostname, StepsSettings settings) throws IOException {
        this.dir = dir;
        Files.createDirectories(spool());
        conf("NodeName=c1");
        var conf = new SlurmConfSource(
                new SlurmConfPlaces(dir.resolve("slurm.conf"), null, List.of()),
                name -> name.equals("slurm") ? Optional.of(new Uid(64_030)) : Optional.empty());
        this.stepds = Stepds.open(
                loops.onServer(true).next(),
                conf,
                new LocalNodes(hostname, null, HostNames.NONE),
                OWN,
                pid -> ticks.applyAsLong(pid),
                new PassedDescriptors(),
                lastSeen,
                settings);
    }

    /** When processes started, from now on; at first a process of pid n started at n. */
    void ticks(IntToLongFunction now) {
        ticks = now;
    }

    /** A slurm.conf of these lines, and the spool directory. */
    void conf(String lines) throws IOException {
        Files.writeString(
                dir.resolve("slurm.conf"), lines + "\nClusterName=test\nSlurmdSpoolDir=" + dir + "/spool.%n\n");
    }

    Path spool() {
        return dir.resolve("spool.c1");
    }

    Path socket(long job) {
        return spool().resolve("c1_" + job + ".4294967292");
    }

    Stepds stepds() {
        return stepds;
    }

    LastSeenVersion lastSeen() {
        return lastSeen;
    }

    FakeStepd run(FakeStepd stepd) {
        running.add(stepd);
        return stepd;
    }

    /** The first question of a process loads classes for longer than some of the tests have time. */
    void warmUp() throws IOException {
        try (FakeStepd stepd = FakeStepd.like(0x2D00, 2001, socket(1))) {
            new LocalExternSteps(stepds)
                    .ownedBy(new Uid(2001), null, in(Talk.LONG))
                    .block();
            new StepdAdoption(stepds)
                    .adopt(Samples.SSHD, step(1), Wants.NOTHING, new Luggage(), in(Talk.LONG))
                    .block();
            assertThat(stepd.requests()).isNotEmpty();
        }
    }

    /** A job's step, as it would have been found. */
    static ExternStep step(long job) {
        return new ExternStep(C1, new JobId(job), null, new Uid(2001), new StepBegin(0, Instant.EPOCH), null);
    }

    Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.monotonic(timers));
    }

    @Override
    public void close() throws IOException {
        stepds.close();
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block();
        timers.dispose();
        for (FakeStepd stepd : running) {
            stepd.close();
        }
    }

    private static Uid own() {
        try {
            return new Uid(Integer.toUnsignedLong((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
