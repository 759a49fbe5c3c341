package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.StepsAnswer;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The extern steps on this node. */
public interface ExternSteps {

    /**
     * Which extern steps are the user's. Every slurmstepd is asked at once; those that do not answer before
     * {@code deadline}, which begins anew when the login's turn has come, are counted as silent.
     *
     * @param node the NodeName to look under; null to find this host's own
     * @return exactly one answer, at the deadline the latest; a fault of the node is an answer, not an error
     */
    Mono<StepsAnswer> ownedBy(Uid owner, @Nullable NodeName node, Deadline deadline);
}
