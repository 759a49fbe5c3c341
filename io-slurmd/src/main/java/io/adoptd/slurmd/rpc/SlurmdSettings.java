package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Uid;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/**
 * What slurm.conf says of the slurmds of the cluster.
 *
 * @param port SlurmdPort: where the slurmd of a host listens unless {@code ownPorts} knows better
 * @param slurmUser SlurmUser
 * @param slurmdUser SlurmdUser, as whom the slurmds run
 * @param ownPorts where nodes with a {@code Port=} of their own are, see {@link NodePorts}. Slurm's own client does not
 *     look there, and finds no job of theirs
 */
public record SlurmdSettings(int port, Uid slurmUser, Uid slurmdUser, Map<InetAddress, List<Integer>> ownPorts) {

    private static final Uid ROOT = new Uid(0);

    public SlurmdSettings {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a port: " + port);
        }
        ownPorts = Map.copyOf(ownPorts);
    }

    /** The settings of a cluster whose slurmds all listen on the one port. */
    public SlurmdSettings(int port, Uid slurmUser, Uid slurmdUser) {
        this(port, slurmUser, slurmdUser, Map.of());
    }

    /** The slurmds to ask about a login from there: one, or all of a host that is several nodes. */
    List<InetSocketAddress> slurmdsAt(InetAddress source) {
        return ownPorts.getOrDefault(source, List.of(port)).stream()
                .map(own -> new InetSocketAddress(source, own))
                .toList();
    }

    /** Whether a credential of this user may speak for a slurmd. */
    boolean trusts(Uid uid) {
        return uid.equals(ROOT) || uid.equals(slurmUser) || uid.equals(slurmdUser);
    }
}
