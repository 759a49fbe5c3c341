package io.adoptd.bench.sim;

import io.adoptd.gateway.wire.LoginRequest;
import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Uid;
import java.time.Duration;

/** The frame that the PAM module would send for a login. */
public final class SimulatedLogin {

    /** What an administrator who read the page has on the PAM line. */
    private static final PamOptions OPTIONS =
            new PamOptions(ActionNoJobs.DENY, ActionUnknown.NEWEST, ActionAdoptFailure.DENY, ActionGenericFailure.DENY);

    private SimulatedLogin() {}

    /** This user's login from this address. */
    public static byte[] frame(String user, Uid uid, String source) {
        var connection = new Connection(
                new Endpoint(Loopback.address(source), 40_000), new Endpoint(Loopback.address("127.0.0.1"), 22));
        return new LoginRequest(
                        Phase.ACCOUNT,
                        user,
                        uid,
                        "sshd",
                        OPTIONS,
                        Duration.ofSeconds(4),
                        connection,
                        null,
                        source,
                        null)
                .encode();
    }
}
