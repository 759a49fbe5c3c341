package io.adoptd.gateway.wire;

import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Uid;
import org.jspecify.annotations.Nullable;

/**
 * What the module reads in the session phase of a login whose account phase a helper asked for, as
 * docs/gateway-frame.md has it.
 *
 * @param node the account line's {@code nodename=}; null when it is not given
 */
public record LoginRecord(
        Uid uid, JobId job, PamOptions options, @Nullable NodeName node) {

    /** The one line of the file. */
    public String text() {
        var actions = new StringBuilder();
        for (byte action : LoginRequest.packed(options)) {
            actions.append(action);
        }
        return "adoptd-login 1 uid=" + uid.value() + " job=" + job.value() + " actions=" + actions + " switches="
                + LoginRequest.packed(options.switches()) + " nodename=" + (node == null ? "-" : node.value()) + "\n";
    }
}
