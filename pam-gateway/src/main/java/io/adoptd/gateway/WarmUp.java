package io.adoptd.gateway;

import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Luggage;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Logins of nobody, decided before the daemon says that it is ready: they load and compile what the first real one would
 * otherwise wait for, which on a busy node took longer than its slice. Nobody has no job, so nothing is adopted. The
 * only main code that blocks.
 */
final class WarmUp {

    private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

    private static final int LOGINS = 20;
    private static final Duration AT_MOST = Duration.ofSeconds(2);

    /** The last uid there is: no account has it. */
    private static final Uid NOBODY = new Uid(0xffff_fffeL);

    private static final PamOptions STRICT =
            new PamOptions(ActionNoJobs.DENY, ActionUnknown.DENY, ActionAdoptFailure.DENY, ActionGenericFailure.DENY);

    private WarmUp() {}

    /**
     * Blocks, for two seconds at most. What goes wrong here goes wrong again, and is told, at the first login.
     *
     * @param callerid warms up what a login of nobody does not come to
     */
    static void run(LoginPipeline pipeline, Function<Deadline, Mono<Void>> callerid, LoginClock clock) {
        var self = new LoginProcess(Math.toIntExact(ProcessHandle.current().pid()), 0);
        var nobody = new Login("warm-up", Phase.ACCOUNT, self, "nobody", NOBODY, "adoptd", null, null, STRICT, null);
        Deadline deadline = Deadline.in(AT_MOST, clock);
        try {
            callerid.apply(deadline.slice(AT_MOST.dividedBy(2))).block(AT_MOST);
            for (int i = 0; i < LOGINS && !deadline.hasPassed(); i++) {
                pipeline.decide(nobody, new Luggage(), deadline).block(AT_MOST);
            }
        } catch (RuntimeException e) {
            log.warn("warmup.failed", e);
        }
    }
}
