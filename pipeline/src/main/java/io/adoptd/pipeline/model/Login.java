package io.adoptd.pipeline.model;

import org.jspecify.annotations.Nullable;

/**
 * One ssh login to be decided.
 *
 * @param id names this login in the logs; unique while the daemon runs
 * @param process the process to adopt: the one that will be the session, whichever asked for it
 * @param user as PAM names the user; for messages only, the decision knows {@code uid}
 * @param service the PAM service
 * @param connection the TCP connection it came by; null when the process has none
 * @param node the NodeName that the PAM line gives; null when the node has to find its own
 * @param job in the session phase, the job that the account phase adopted this login into; null when it did not
 */
public record Login(
        String id,
        Phase phase,
        LoginProcess process,
        String user,
        Uid uid,
        String service,
        @Nullable Connection connection,
        @Nullable NodeName node,
        PamOptions options,
        @Nullable JobId job) {}
