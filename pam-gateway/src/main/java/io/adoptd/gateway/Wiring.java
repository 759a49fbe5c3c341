package io.adoptd.gateway;

import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.server.Caller;
import io.adoptd.gateway.server.Commands;
import io.adoptd.gateway.server.LoginRecordFiles;
import io.adoptd.kernel.Hosts;
import io.adoptd.kernel.KernelProcesses;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.Users;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.AdoptOutcome;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Furnishings;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.model.Wants;
import io.adoptd.pipeline.port.Adoption;
import io.adoptd.pipeline.port.JobSettings;
import io.adoptd.pipeline.port.LoginRecords;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.auth.munge.MungeCredentials;
import io.adoptd.slurmd.conf.LocalNodes;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmConfPlaces;
import io.adoptd.slurmd.conf.SlurmConfSource;
import io.adoptd.slurmd.rpc.NodeAddresses;
import io.adoptd.slurmd.rpc.NodePorts;
import io.adoptd.slurmd.rpc.SlurmdCallerid;
import io.adoptd.slurmd.rpc.SlurmdSettings;
import io.adoptd.slurmd.rpc.Sources;
import io.adoptd.slurmd.stepd.DescriptorReceiver;
import io.adoptd.slurmd.stepd.JobTasks;
import io.adoptd.slurmd.stepd.LastSeenVersion;
import io.adoptd.slurmd.stepd.LocalExternSteps;
import io.adoptd.slurmd.stepd.Rehearsal;
import io.adoptd.slurmd.stepd.StepdAdoption;
import io.adoptd.slurmd.stepd.Stepds;
import io.adoptd.slurmd.stepd.StepsSettings;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** The adapters of a real node, joined: where one needs the other it gets it here. */
final class Wiring implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Wiring.class);

    private static final Uid ROOT = new Uid(0);
    private static final String MUNGE = "auth/munge";

    private static final int BLOCKING_WAITING = 16;
    private static final Duration BLOCKING_IDLE = Duration.ofSeconds(10);

    private final Scheduler blocking = newBlocking();
    private final SlurmConfSource slurmConf;
    private final LocalNodes nodes;
    private final KernelProcesses processes;
    private final Stepds stepds;
    private final MungeCredentials munge;
    private final LastSeenVersion stepdVersion = new LastSeenVersion();
    private final NodePorts nodePorts = new NodePorts();
    private final NodeAddresses nodeAddresses = new NodeAddresses(OwnProcess::hostname);
    private final Sources sources;
    private final SlurmdCallerid callerid;
    private final LoginRecordFiles records;

    /** Loads the native libraries, which takes a while. */
    Wiring(GatewayConfig config, LoginClock clock, LoopResources loops) throws IOException {
        this.slurmConf = new SlurmConfSource(
                new SlurmConfPlaces(config.slurmConf(), System.getenv("SLURM_CONF"), SlurmConfPlaces.CANDIDATES),
                Users::uidOf);
        this.processes = KernelProcesses.ofThisHost();
        this.nodes = new LocalNodes(OwnProcess::hostname, System.getenv("SLURMD_NODENAME"), Hosts::namesOf);
        this.stepds = Stepds.open(
                loops.onServer(true).next(),
                slurmConf,
                nodes,
                new Uid(OwnProcess.effectiveUid()),
                this::startTicks,
                new Descriptors(),
                stepdVersion,
                new StepsSettings(config.stepsStarting()));
        this.munge = new MungeCredentials(this::authInfo);
        this.sources = new Sources(sourceLimits(config), clock);
        this.callerid = new SlurmdCallerid(munge, this::slurmdSettings, this::stepdVersion, sources, loops);
        this.records = LoginRecordFiles.open(
                config.socket().resolveSibling("logins"), Math.toIntExact(OwnProcess.effectiveUid()), this::isAlive);
    }

    /** A pipeline under these settings, with what the adapters remember. */
    LoginPipeline pipeline(GatewayConfig config) {
        sources.adjust(sourceLimits(config));
        return new LoginPipeline(
                new LocalExternSteps(stepds),
                callerid,
                new StepdAdoption(stepds),
                processes,
                settings(config),
                records,
                config.slices());
    }

    private JobSettings settings(GatewayConfig config) {
        return JobInheritance.of(config.inheritance(), new JobTasks(stepds), processes);
    }

    private static Sources.Limits sourceLimits(GatewayConfig config) {
        return Sources.Limits.DEFAULT.withPatience(
                new Sources.Patience(config.slices().connect(), config.slices().callerid()));
    }

    Mono<Void> warmUpCallerid(Deadline deadline) {
        return callerid.warmUp(deadline);
    }

    /** A slurmstepd to rehearse with, as {@link Stepds#rehearsal}. */
    Rehearsal rehearsal(Path socket) throws IOException {
        return stepds.rehearsal(socket);
    }

    /** A pipeline in which everybody has one job, whose slurmstepd is {@code stepd}, and is said to be in it afterwards. */
    LoginPipeline rehearsing(Rehearsal stepd, GatewayConfig config) {
        return new LoginPipeline(
                (owner, node, deadline) -> Mono.just(new StepsAnswer.Found(new OwnedSteps(List.of(stepOf(owner)), 0))),
                callerid,
                new RefusedAdoption(stepd),
                new BelievedProcesses(processes),
                settings(config),
                LoginRecords.none(),
                config.slices());
    }

    private static ExternStep stepOf(Uid owner) {
        var begin = new StepBegin(0, Instant.EPOCH);
        return new ExternStep(new NodeName("rehearsal"), new JobId(1), null, owner, begin, null);
    }

    /** Takes every refusal for a yes. */
    private record RefusedAdoption(Rehearsal stepd) implements Adoption {

        @Override
        public Mono<AdoptOutcome> adopt(
                LoginProcess process, ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
            return stepd.refuse(deadline).then(furnish(step, wants, luggage, deadline));
        }

        @Override
        public Mono<AdoptOutcome> furnish(ExternStep step, Wants wants, Luggage luggage, Deadline deadline) {
            return Mono.just(new AdoptOutcome.Accepted(Furnishings.NONE));
        }
    }

    /** Reads where a process is, and says that it is where it should be. */
    private record BelievedProcesses(Processes real) implements Processes {

        @Override
        public Mono<Boolean> isStill(LoginProcess process) {
            return real.isStill(process);
        }

        @Override
        public Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline) {
            return real.membership(process, step, deadline).thenReturn(new Membership.InStep());
        }
    }

    Map<String, Commands> memoryCommands() {
        return new MemoryCommands(sources, stepds).byName(blocking);
    }

    /** For an administrator's question that blocks: one thread, which ends when it is not needed. */
    Scheduler blocking() {
        return blocking;
    }

    private static Scheduler newBlocking() {
        var executor = new ThreadPoolExecutor(
                1, 1, BLOCKING_IDLE.toSeconds(), TimeUnit.SECONDS, new ArrayBlockingQueue<>(BLOCKING_WAITING), task -> {
                    var thread = new Thread(task, "admin");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return Schedulers.fromExecutorService(executor, "admin");
    }

    Mono<Caller> callerOf(int socket, Caller.Whose whose) {
        return (switch (whose) {
                    case PEER -> processes.identify(socket);
                    case PARENT -> processes.identifyParent(socket);
                })
                .map(answer -> answer.fold(
                        identified -> new Caller.Known(identified.process()),
                        unidentified -> new Caller.Unknown(unidentified.why())));
    }

    /** What the daemon knows of its node. Blocking. */
    NodeSight sight() {
        String file = "none";
        try {
            SlurmConf conf = slurmConf.current();
            file = conf.file().toString();
            nodePorts.of(conf); // so that they are known when the first login comes
            return new NodeSight(nodes.find(conf, null).name().value(), file);
        } catch (NodeFaultException e) {
            return new NodeSight("unknown: " + e.why(), file);
        }
    }

    /** What a slurm.conf asks for and this version can't do, said when the daemon starts. Blocking. */
    void warnOfWhatIsNotSpoken() {
        slurmConf
                .lastRead()
                .filter(conf -> !conf.authType().equals(MUNGE))
                .ifPresent(conf -> log.warn(
                        "slurm.unspoken AuthType=\"{}\": only {} is spoken, so no source can be asked",
                        conf.authType(),
                        MUNGE));
    }

    /**
     * The node as the daemon sees it.
     *
     * @param node its NodeName, or why it has none
     * @param slurmConf the file, or that there is none
     */
    record NodeSight(String node, String slurmConf) {}

    private long startTicks(int pid) {
        try {
            return processes.startTicks(pid).orElse(0);
        } catch (IOException e) {
            log.debug("start of pid {} unreadable", pid, e);
            return 0;
        }
    }

    /** Also when it cannot be told: a record too many does no harm. */
    private boolean isAlive(LoginProcess process) {
        try {
            OptionalLong startTicks = processes.startTicks(process.pid());
            return startTicks.isPresent() && startTicks.getAsLong() == process.startTicks();
        } catch (IOException e) {
            log.debug("start of pid {} unreadable", process.pid(), e);
            return true;
        }
    }

    private AuthInfo authInfo() {
        return slurmConf.lastRead().map(SlurmConf::authInfo).orElse(AuthInfo.DEFAULT);
    }

    /** A source is only asked once the steps are known, so slurm.conf has been read by then. */
    private SlurmdSettings slurmdSettings() {
        return slurmConf
                .lastRead()
                .map(conf -> new SlurmdSettings(
                        conf.slurmdPort(),
                        known(conf.slurmUser()),
                        known(conf.slurmdUser()),
                        nodePorts.of(conf),
                        source -> nodeAddresses.of(source, conf)))
                .orElseThrow(() -> new IllegalStateException("a source is asked before slurm.conf was read"));
    }

    /** A user that this host does not know is trusted no more than root, who is trusted anyway. */
    private static Uid known(@Nullable Uid user) {
        return user == null ? ROOT : user;
    }

    private SlurmVersion stepdVersion() {
        return stepdVersion.word().stream()
                .boxed()
                .findFirst()
                .flatMap(SlurmVersion::ofWord)
                .orElse(SlurmVersion.COMMON);
    }

    @Override
    public void close() {
        stepds.close();
        sources.close();
        callerid.close();
        nodePorts.close();
        nodeAddresses.close();
        munge.close();
        records.close();
        processes.close();
        blocking.dispose();
    }

    /** io-kernel's descriptors, as io-slurmd wants them. */
    private static final class Descriptors implements DescriptorReceiver {

        private static final int NONE = -2;

        @Override
        public int receive(int socket) throws IOException {
            var received = DescriptorPassing.receive(socket);
            int fd =
                    received.fold(descriptor -> descriptor.fd(), notYet -> NOTHING_YET, ended -> NONE, refused -> NONE);
            if (fd == NONE) {
                throw new IOException("expected a descriptor: " + received);
            }
            return fd;
        }

        @Override
        public void close(int fd) {
            try {
                DescriptorPassing.close(fd);
            } catch (KernelException e) {
                log.warn("descriptor.unclosed fd={} why=\"{}\"", fd, e.getMessage());
            }
        }
    }
}
