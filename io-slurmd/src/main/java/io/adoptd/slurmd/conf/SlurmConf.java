package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What adoptd needs of slurm.conf. Source: Slurm src/common/read_config.c, and man slurm.conf for the defaults.
 *
 * @param file the slurm.conf that was read
 * @param clusterName as it stands there: letters may be great or small
 * @param slurmdSpoolDir as it stands there, {@code %h} and {@code %n} not expanded
 * @param slurmUser null when the name is nobody's here: then nobody is trusted for it
 * @param slurmdUser as {@code slurmUser}
 * @param maxNodeCount MaxNodeCount; 0 where none is given
 * @param nodes in the order of the file
 */
public record SlurmConf(
        Path file,
        String clusterName,
        int slurmdPort,
        String slurmdSpoolDir,
        @Nullable Uid slurmUser,
        @Nullable Uid slurmdUser,
        String authType,
        AuthInfo authInfo,
        long maxNodeCount,
        List<SlurmNode> nodes) {

    static final int DEFAULT_SLURMD_PORT = 6818;
    static final String DEFAULT_SPOOL_DIR = "/var/spool/slurmd";
    static final String DEFAULT_AUTH_TYPE = "auth/munge";

    public SlurmConf {
        nodes = List.copyOf(nodes);
    }

    public Optional<SlurmNode> node(NodeName name) {
        return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
    }

    List<SlurmNode> withHostname(String hostname) {
        return nodes.stream().filter(node -> node.hostname().equals(hostname)).toList();
    }

    /** Whether there may be nodes that are not in the file (slurmd -Z): only where it leaves room for them. */
    boolean hasRoomForDynamicNodes() {
        return maxNodeCount > nodes.size();
    }

    /** The users, besides root, as whom this cluster's daemons may run. */
    public Stream<Uid> daemonUsers() {
        return Stream.of(Optional.ofNullable(slurmUser), Optional.ofNullable(slurmdUser))
                .flatMap(Optional::stream);
    }

    boolean hasUnknownUser() {
        return slurmUser == null || slurmdUser == null;
    }
}
