package io.adoptd.gateway;

import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.log.LogSetup;
import io.adoptd.gateway.server.GatewayServer;
import io.adoptd.gateway.server.ListeningSocket;
import io.adoptd.gateway.server.LoginDesk;
import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.LoginRequest;
import io.adoptd.kernel.fdpass.DescriptorPassing;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.stepd.Rehearsal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.netty.resources.LoopResources;

/**
 * A rehearsal before the daemon says that it is ready: logins of nobody through a gateway of its own, first as they are,
 * then as if nobody had a job, whose slurmstepd is one of ours and refuses to adopt. They load and compile what the first
 * real login would otherwise wait for, and ask every slurmstepd of the node whose step it runs. Nothing is adopted. The
 * only main code that blocks.
 *
 * @param place a directory for the sockets, which is made and removed again
 */
record WarmUp(Path place, int ownUid, Wiring wiring, LoginClock clock) {

    private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

    private static final int TIMES = 25;

    /** For all of it, and for each part. A busy node is served late rather than never. */
    private static final Duration AT_MOST = Duration.ofMillis(1_500);

    private static final Duration PART_AT_MOST = Duration.ofMillis(250);

    /** The last uid there is: no account has it. */
    private static final Uid NOBODY = new Uid(0xffff_fffeL);

    private static final byte[] LOGIN = new LoginRequest(
                    Phase.ACCOUNT,
                    "nobody",
                    NOBODY,
                    "adoptd",
                    new PamOptions(
                            ActionNoJobs.DENY, ActionUnknown.DENY, ActionAdoptFailure.DENY, ActionGenericFailure.DENY),
                    AT_MOST,
                    null,
                    null,
                    null,
                    null)
            .encode();

    /** Blocks, for {@link #AT_MOST} at most. What goes wrong here goes wrong again, and is told, at the first login. */
    void run(
            Function<LoginPipeline, LoginDesk> desk,
            LoginPipeline pipeline,
            GatewayConfig config,
            LoopResources loops) {
        Deadline deadline = Deadline.in(AT_MOST, clock);
        LogSetup.silence(LoginDesk.LOG, true);
        try {
            makePlace();
            wiring.warmUpCallerid(deadline.slice(PART_AT_MOST)).block(AT_MOST);
            login(desk.apply(pipeline), loops, deadline.slice(PART_AT_MOST));
            try (Rehearsal stepd = wiring.rehearsal(place.resolve("stepd"))) {
                login(desk.apply(wiring.rehearsing(stepd, config)), loops, deadline.slice(PART_AT_MOST));
            }
        } catch (IOException | FrameException | RuntimeException e) {
            log.warn("warmup.failed", e);
        } finally {
            LogSetup.silence(LoginDesk.LOG, false);
            removePlace();
        }
    }

    private void login(LoginDesk desk, LoopResources loops, Deadline deadline) throws IOException, FrameException {
        var socket = ListeningSocket.own(place.resolve("gateway.sock"));
        GatewayServer server = GatewayServer.serve(socket, ownUid, () -> desk, DescriptorPassing::send, loops);
        try {
            var client = new GatewayClient(socket.path(), AT_MOST);
            for (int i = 0; i < TIMES && !deadline.hasPassed(); i++) {
                client.ask(LOGIN);
            }
        } finally {
            server.dispose();
        }
    }

    /** What a daemon that was killed has left is no obstacle. */
    private void makePlace() throws IOException {
        removePlace();
        Files.createDirectory(
                place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private void removePlace() {
        try {
            Files.deleteIfExists(place.resolve("gateway.sock"));
            Files.deleteIfExists(place.resolve("stepd"));
            Files.deleteIfExists(place);
        } catch (IOException e) {
            log.warn("warmup.unremoved place=\"{}\"", place, e);
        }
    }
}
