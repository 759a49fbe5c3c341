package io.adoptd.gateway;

import io.adoptd.gateway.config.ConfigException;
import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.log.LogSetup;
import io.adoptd.gateway.server.Commands;
import io.adoptd.gateway.server.GatewayServer;
import io.adoptd.gateway.server.ListeningSocket;
import io.adoptd.gateway.server.LoginDesk;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.time.LoginClock;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** A running daemon: one event loop, the adapters, the server, and the settings that may change meanwhile. */
final class Daemon implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Daemon.class);

    /** Nobody but the owner may connect to a socket that is bound under this mask. */
    private static final int OWNER_ONLY = 0077;

    private static final Duration DRAIN_LOOK = Duration.ofMillis(5);

    /** Netty counts nanoseconds in a long. */
    private static final Duration NEVER = Duration.ofDays(10 * 365);

    /** Where settings come from, again and again. */
    @FunctionalInterface
    interface Settings {
        GatewayConfig read() throws ConfigException;
    }

    private final LoopResources loops;
    private final LoginClock clock;
    private final Wiring wiring;
    private final Settings settings;
    private final long began;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong decided = new AtomicLong();
    private final AdminCommands commands;
    private volatile GatewayConfig config;
    private volatile LoginPipeline pipeline;
    private volatile LoginDesk desk;
    private final GatewayServer server;

    private Daemon(
            GatewayConfig config,
            Settings settings,
            ListeningSocket socket,
            LoopResources loops,
            LoginClock clock,
            Wiring wiring)
            throws IOException {
        this.config = config;
        this.settings = settings;
        this.loops = loops;
        this.clock = clock;
        this.wiring = wiring;
        this.began = clock.now();
        var byName = new HashMap<String, Commands>(wiring.memoryCommands());
        byName.put("reload", command -> Mono.fromSupplier(this::reload).subscribeOn(wiring.blocking()));
        this.commands = new AdminCommands(byName);
        this.pipeline = wiring.pipeline(config);
        int uid = Math.toIntExact(OwnProcess.effectiveUid());
        new WarmUp(config.socket().resolveSibling("rehearsal"), uid, wiring, clock)
                .run(
                        rehearsed -> desk(rehearsed, config, new AtomicInteger(), new AtomicLong()),
                        pipeline,
                        config,
                        loops);
        this.desk = desk(config);
        this.server = GatewayServer.serve(socket, uid, () -> desk, DescriptorPassing::send, loops);
    }

    /**
     * Starts it. Blocks until it serves.
     *
     * @param settings read now, and again at each {@code adoptctl reload}
     * @param inherited the descriptor of a socket that listens already; −1 for none
     * @throws IOException saying why it can't
     */
    static Daemon start(GatewayConfig config, Settings settings, int inherited) throws IOException {
        OwnProcess.umask(OWNER_ONLY);
        LoopResources loops = LoopResources.create("adoptd", 1, true);
        Wiring wiring = null;
        try {
            EventLoop loop = loops.onServer(true).next();
            letSleep(loop);
            var clock = LoginClock.monotonic(Schedulers.fromExecutorService(loop));
            wiring = new Wiring(config, clock, loops);
            wiring.sight(); // reads slurm.conf, so that the first login finds it read
            wiring.warnOfWhatIsNotSpoken();
            return new Daemon(config, settings, new ListeningSocket(config.socket(), inherited), loops, clock, wiring);
        } catch (IOException | RuntimeException e) {
            if (wiring != null) {
                wiring.close();
            }
            loops.dispose();
            throw e;
        }
    }

    /** Netty 4.2 wakes a loop that waits for no time once a second (SingleThreadEventExecutor): so it waits for one. */
    private static void letSleep(EventLoop loop) {
        var never = loop.schedule(() -> {}, NEVER.toDays(), TimeUnit.DAYS);
        if (never.isDone()) {
            throw new IllegalStateException("the event loop keeps no time");
        }
    }

    private LoginDesk desk(GatewayConfig now) {
        return desk(pipeline, now, open, decided);
    }

    private LoginDesk desk(LoginPipeline pipeline, GatewayConfig now, AtomicInteger open, AtomicLong decided) {
        Mono<Pong> pong = Mono.fromSupplier(this::pong).subscribeOn(wiring.blocking());
        return new LoginDesk(
                pipeline, wiring::callerOf, clock, now.loginDeadline(), now.maxLogins(), open, decided, pong, commands);
    }

    private Pong pong() {
        Wiring.NodeSight sight = wiring.sight();
        return new Pong(
                DaemonVersion.VERSION,
                ProcessHandle.current().pid(),
                (clock.now() - began) / 1_000_000,
                decided.get(),
                sight.node(),
                sight.slurmConf());
    }

    /** Reads the settings again. Logins under way keep theirs; a fault keeps all. Blocking. */
    private synchronized Report reload() {
        GatewayConfig read;
        try {
            read = settings.read();
        } catch (ConfigException e) {
            log.error(LogLine.of("config.refused")
                    .with("why", String.join("; ", e.faults()))
                    .toString());
            return new Report(false, e.faults());
        }
        List<String> fixed = read.differingForTheLifeOf(config);
        LogSetup.level(read.logLevel());
        pipeline = wiring.pipeline(read);
        desk = desk(read);
        config = read;
        log.info(LogLine.of("config.reloaded")
                .with("needs_restart", String.join(", ", fixed))
                .toString());
        return new Report(
                fixed.isEmpty(),
                fixed.isEmpty()
                        ? List.of("reloaded")
                        : List.of("reloaded, but for what needs a restart: " + String.join(", ", fixed)));
    }

    /** Takes no more logins, lets those under way end, then lets go of everything. Blocks for one login at most. */
    @Override
    public void close() {
        server.dispose();
        long end = clock.now() + config.loginDeadline().toNanos();
        while (open.get() > 0 && clock.now() - end < 0) {
            LockSupport.parkNanos(DRAIN_LOOK.toNanos());
        }
        wiring.close();
        loops.dispose();
    }
}
