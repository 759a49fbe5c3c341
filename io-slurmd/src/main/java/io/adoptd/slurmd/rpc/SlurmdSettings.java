package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Uid;

/**
 * What slurm.conf says of the slurmds of the cluster.
 *
 * @param port SlurmdPort, the one of all nodes: Slurm's own client does not look at a node's {@code Port=} either
 * @param slurmUser SlurmUser
 * @param slurmdUser SlurmdUser, as whom the slurmds run
 */
public record SlurmdSettings(int port, Uid slurmUser, Uid slurmdUser) {

    private static final Uid ROOT = new Uid(0);

    public SlurmdSettings {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a port: " + port);
        }
    }

    /** Whether a credential of this user may speak for a slurmd. */
    boolean trusts(Uid uid) {
        return uid.equals(ROOT) || uid.equals(slurmUser) || uid.equals(slurmdUser);
    }
}
