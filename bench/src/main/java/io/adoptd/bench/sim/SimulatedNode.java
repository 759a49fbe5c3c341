package io.adoptd.bench.sim;

import ch.qos.logback.classic.Level;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.log.LogSetup;
import io.adoptd.gateway.server.Caller;
import io.adoptd.gateway.server.GatewayServer;
import io.adoptd.gateway.server.ListeningSocket;
import io.adoptd.gateway.server.LoginDesk;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.kernel.KernelProcesses;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.ExternSteps;
import io.adoptd.pipeline.port.JobSettings;
import io.adoptd.pipeline.port.LoginRecords;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.pipeline.time.Slices;
import io.adoptd.slurmd.conf.HostNames;
import io.adoptd.slurmd.conf.LocalNodes;
import io.adoptd.slurmd.conf.SlurmConfPlaces;
import io.adoptd.slurmd.conf.SlurmConfSource;
import io.adoptd.slurmd.rpc.SlurmdCallerid;
import io.adoptd.slurmd.rpc.SlurmdSettings;
import io.adoptd.slurmd.rpc.Sources;
import io.adoptd.slurmd.stepd.DescriptorReceiver;
import io.adoptd.slurmd.stepd.LastSeenVersion;
import io.adoptd.slurmd.stepd.LocalExternSteps;
import io.adoptd.slurmd.stepd.StepdAdoption;
import io.adoptd.slurmd.stepd.Stepds;
import io.adoptd.slurmd.stepd.StepsSettings;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/**
 * adoptd's own server and adapters on a simulated node, below one directory that {@link #close} removes. Three sources
 * are on loopback: one whose slurmd names {@link #SOURCE_JOB}, one that refuses, one that drops.
 */
public final class SimulatedNode implements AutoCloseable {

    /** The job that the slurmd at {@link #ANSWERS} names. */
    public static final long SOURCE_JOB = 31;

    public static final String ANSWERS = "127.0.0.2";
    public static final String REFUSES = "127.0.0.3";
    public static final String DROPS = "127.0.0.4";

    private static final NodeName NODE = new NodeName("c1");
    private static final Uid ROOT = new Uid(0);

    private final Path home;
    private final SimulatedStepds stepds;
    private final SimulatedSlurmd slurmd;
    private final DroppingPort dropping;
    private final LoopResources loops = LoopResources.create("adoptd", 1, true);
    private final KernelProcesses kernel;
    private final Stepds conversations;
    private final LoginClock clock;
    private final Sources sources;
    private final GatewayServer server;

    public SimulatedNode() throws IOException, InterruptedException {
        this(Duration.ZERO);
    }

    /** One on which each slurmstepd, and the slurmd at {@link #ANSWERS}, takes this long for an answer. */
    public SimulatedNode(Duration delay) throws IOException, InterruptedException {
        LogSetup.level(Level.ERROR);
        home = Files.createTempDirectory(
                "adoptd-sim", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Path spool = Files.createDirectory(home.resolve("spool"));
        stepds = new SimulatedStepds(spool, NODE, delay);
        slurmd = new SimulatedSlurmd(Loopback.address(ANSWERS), 0, SOURCE_JOB, delay);
        dropping = new DroppingPort(Loopback.address(DROPS), slurmd.port());
        Path conf = Files.write(
                home.resolve("slurm.conf"),
                List.of(
                        "ClusterName=simulated",
                        "SlurmdSpoolDir=" + spool,
                        "SlurmdPort=" + slurmd.port(),
                        "NodeName=" + NODE));
        kernel = KernelProcesses.ofThisHost();
        var version = new LastSeenVersion();
        conversations = Stepds.open(
                loops.onServer(true).next(),
                new SlurmConfSource(new SlurmConfPlaces(conf, null, List.of()), name -> Optional.of(ROOT)),
                new LocalNodes(NODE::value, null, HostNames.NONE),
                new Uid(OwnProcess.effectiveUid()),
                this::startTicks,
                new NoDescriptors(),
                version,
                StepsSettings.DEFAULT);
        clock = LoginClock.monotonic(
                Schedulers.fromExecutorService(loops.onServer(true).next()));
        sources = new Sources(Sources.Limits.DEFAULT, clock);
        server = serve(desk());
    }

    private GatewayServer serve(LoginDesk desk) throws IOException {
        int uid = Math.toIntExact(OwnProcess.effectiveUid());
        return GatewayServer.serve(ListeningSocket.own(socket()), uid, () -> desk, DescriptorPassing::send, loops);
    }

    private LoginDesk desk() {
        var settings = new SlurmdSettings(slurmd.port(), ROOT, ROOT);
        var pipeline = new LoginPipeline(
                externSteps(),
                new SlurmdCallerid(
                        new SimulatedCredentials(), () -> settings, () -> SlurmVersion.COMMON, sources, loops),
                adoption(),
                new SimulatedProcesses(kernel, stepds),
                JobSettings.none(),
                LoginRecords.none(),
                Slices.DEFAULT);
        return new LoginDesk(
                pipeline,
                this::callerOf,
                clock,
                Duration.ofSeconds(3),
                1_024,
                new AtomicInteger(),
                new AtomicLong(),
                Mono.just(new Reply.Pong("simulated", 0, 0, 0, NODE.value(), "simulated")),
                command -> Mono.just(new Reply.Report(false, List.of("simulated"))));
    }

    /** Every simulated client asks for itself. */
    private Mono<Caller> callerOf(int socket, Caller.Whose whose) {
        return kernel.identify(socket)
                .map(answer -> answer.fold(
                        identified -> new Caller.Known(identified.process()),
                        unidentified -> new Caller.Unknown(unidentified.why())));
    }

    private long startTicks(int pid) {
        try {
            return kernel.startTicks(pid).orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** The slurmstepds of this node, to start jobs with. */
    public SimulatedStepds stepds() {
        return stepds;
    }

    /** What its logins look for their steps with. */
    public ExternSteps externSteps() {
        return new LocalExternSteps(conversations);
    }

    /** What its logins are adopted with. */
    public Adoption adoption() {
        return new StepdAdoption(conversations);
    }

    /** A deadline by the clock of its logins. */
    public Deadline deadline(Duration budget) {
        return Deadline.in(budget, clock);
    }

    /** Where the slurmstepd of this job listens. */
    public Path stepSocket(long job) {
        return stepds.socket(job);
    }

    /** Forgets which sources were silent: the next login asks them. */
    public void forgetSources() {
        sources.forgetAll();
    }

    /** A client of its gateway, as the PAM module is one. */
    public GatewayClient client() {
        return new GatewayClient(socket(), Duration.ofSeconds(10));
    }

    private Path socket() {
        return home.resolve("gateway.sock");
    }

    @Override
    public void close() throws IOException {
        server.dispose();
        sources.close();
        conversations.close();
        kernel.close();
        loops.dispose();
        stepds.close();
        slurmd.close();
        dropping.close();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** No simulated slurmstepd hands out descriptors. */
    private static final class NoDescriptors implements DescriptorReceiver {
        @Override
        public int receive(int socketFd) throws IOException {
            throw new IOException("no simulated slurmstepd sends descriptors");
        }

        @Override
        public void close(int fd) {
            throw new IllegalStateException("a descriptor that was never received");
        }
    }
}
