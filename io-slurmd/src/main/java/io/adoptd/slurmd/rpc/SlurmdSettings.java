package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Uid;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * What slurm.conf says of the slurmds of the cluster.
 *
 * @param port SlurmdPort: where the slurmd of a host listens unless {@code ownPorts} knows better
 * @param slurmUser SlurmUser
 * @param slurmdUser SlurmdUser, as whom the slurmds run
 * @param ownPorts where nodes with a {@code Port=} of their own are, see {@link NodePorts}. Slurm's own client does not
 *     look there, and finds no job of theirs
 * @param otherAddresses the other addresses of the node that has an IPv6 or a loopback address, see {@link NodeAddresses}
 */
public record SlurmdSettings(
        int port,
        Uid slurmUser,
        Uid slurmdUser,
        Map<InetAddress, List<Integer>> ownPorts,
        Function<InetAddress, Mono<List<InetAddress>>> otherAddresses) {

    private static final Uid ROOT = new Uid(0);

    public SlurmdSettings {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a port: " + port);
        }
        ownPorts = Map.copyOf(ownPorts);
    }

    /** The settings of a cluster whose slurmds listen at every address of their nodes. */
    public SlurmdSettings(int port, Uid slurmUser, Uid slurmdUser, Map<InetAddress, List<Integer>> ownPorts) {
        this(port, slurmUser, slurmdUser, ownPorts, source -> Mono.just(List.of()));
    }

    /** The settings of a cluster whose slurmds all listen on the one port. */
    public SlurmdSettings(int port, Uid slurmUser, Uid slurmdUser) {
        this(port, slurmUser, slurmdUser, Map.of());
    }

    /** The slurmds at an address: one, or all of a host that is several nodes. */
    List<InetSocketAddress> slurmdsAt(InetAddress address) {
        InetAddress host = address.isLoopbackAddress() ? NodePorts.THIS_HOST : address;
        return ownPorts.getOrDefault(host, List.of(port)).stream()
                .map(own -> new InetSocketAddress(address, own))
                .toList();
    }

    /** Whether a credential of this user may speak for a slurmd. */
    boolean trusts(Uid uid) {
        return uid.equals(ROOT) || uid.equals(slurmUser) || uid.equals(slurmdUser);
    }
}
