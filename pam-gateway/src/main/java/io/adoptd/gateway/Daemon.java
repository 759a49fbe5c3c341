package io.adoptd.gateway;

import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.server.GatewayServer;
import io.adoptd.gateway.server.LoginDesk;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** A running daemon: one event loop, the adapters, the server. */
final class Daemon implements AutoCloseable {

    /** Nobody but the owner may connect to a socket that is bound under this mask. */
    private static final int OWNER_ONLY = 0077;

    private final LoopResources loops;
    private final Wiring wiring;
    private final GatewayServer server;

    private Daemon(LoopResources loops, Wiring wiring, GatewayServer server) {
        this.loops = loops;
        this.wiring = wiring;
        this.server = server;
    }

    /**
     * Starts it. Blocks until it serves.
     *
     * @throws IOException saying why it can't
     */
    static Daemon start(GatewayConfig config) throws IOException {
        OwnProcess.umask(OWNER_ONLY);
        LoopResources loops = LoopResources.create("adoptd", 1, true);
        Wiring wiring = null;
        try {
            var clock = LoginClock.monotonic(
                    Schedulers.fromExecutorService(loops.onServer(true).next()));
            wiring = new Wiring(config, clock, loops);
            wiring.sight(); // reads slurm.conf, so that the first login finds it read
            wiring.warnOfWhatIsNotSpoken();
            LoginPipeline pipeline = wiring.pipeline();
            WarmUp.run(pipeline, clock);
            LoginDesk desk = desk(config, wiring, pipeline, clock);
            int uid = Math.toIntExact(OwnProcess.effectiveUid());
            return new Daemon(
                    loops, wiring, GatewayServer.serve(config.socket(), uid, desk, DescriptorPassing::send, loops));
        } catch (IOException | RuntimeException e) {
            if (wiring != null) {
                wiring.close();
            }
            loops.dispose();
            throw e;
        }
    }

    private static LoginDesk desk(GatewayConfig config, Wiring wiring, LoginPipeline pipeline, LoginClock clock) {
        long began = clock.now();
        var decided = new AtomicLong();
        Mono<Pong> pong = Mono.fromSupplier(() -> pong(wiring.sight(), clock.now() - began, decided.get()))
                .subscribeOn(Schedulers.boundedElastic());
        return new LoginDesk(
                pipeline,
                wiring::callerOf,
                wiring::endSession,
                clock,
                config.loginDeadline(),
                config.maxLogins(),
                decided,
                pong);
    }

    private static Pong pong(Wiring.NodeSight sight, long uptimeNanos, long decided) {
        return new Pong(
                DaemonVersion.VERSION,
                ProcessHandle.current().pid(),
                uptimeNanos / 1_000_000,
                decided,
                sight.node(),
                sight.slurmConf());
    }

    /** Stops serving, then lets go of everything. Blocks briefly. */
    @Override
    public void close() {
        server.dispose();
        wiring.close();
        loops.dispose();
    }
}
