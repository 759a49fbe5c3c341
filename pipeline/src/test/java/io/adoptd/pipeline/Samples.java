package io.adoptd.pipeline;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Values that many tests share. */
public final class Samples {

    public static final NodeName C1 = new NodeName("c1");
    public static final Uid ALICE = new Uid(2001);
    public static final LoginProcess SSHD = new LoginProcess(4242, 1_000_000);
    public static final Connection FROM_LOGIN =
            new Connection(endpoint("192.0.2.10", 40_000), endpoint("192.0.2.20", 22));

    /** Everything that can be denied is. */
    public static final PamOptions STRICT =
            new PamOptions(ActionNoJobs.DENY, ActionUnknown.DENY, ActionAdoptFailure.DENY, ActionGenericFailure.DENY);

    /** What an administrator who read the page chooses. */
    public static final PamOptions USUAL =
            new PamOptions(ActionNoJobs.DENY, ActionUnknown.NEWEST, ActionAdoptFailure.DENY, ActionGenericFailure.DENY);

    private Samples() {}

    public static Login login(PamOptions options) {
        return login(options, FROM_LOGIN);
    }

    public static Login login(PamOptions options, @Nullable Connection connection) {
        return new Login("l1", Phase.ACCOUNT, SSHD, "alice", ALICE, "sshd", connection, null, options, null);
    }

    /** The same login, asked about in another phase. */
    public static Login login(Phase phase, PamOptions options, @Nullable JobId job) {
        return new Login("l2", phase, SSHD, "alice", ALICE, "sshd", FROM_LOGIN, null, options, job);
    }

    /** Alice's step of this job; {@code startTicks} says which is newer. */
    public static ExternStep step(long job, long startTicks) {
        return new ExternStep(C1, new JobId(job), null, ALICE, new StepBegin(startTicks, Instant.EPOCH), null);
    }

    public static OwnedSteps owned(ExternStep... steps) {
        return new OwnedSteps(Arrays.asList(steps), 0);
    }

    public static Endpoint endpoint(String address, int port) {
        try {
            return new Endpoint(InetAddress.getByName(address), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(address, e);
        }
    }

    /** The one answer of a port, which has to come by itself: this bound is far behind every deadline of a test. */
    public static <T> T answerOf(Mono<T> port) {
        return Objects.requireNonNull(port.single().block(Duration.ofSeconds(30)));
    }
}
