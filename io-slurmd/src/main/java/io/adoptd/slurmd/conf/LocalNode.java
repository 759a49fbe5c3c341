package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The node that this host is.
 *
 * @param hostname what {@code %h} stands for: the host's own short name, which slurmd takes whatever NodeHostname says.
 *     Source: Slurm src/slurmd/slurmd/slurmd.c, 22.05 to 26.05
 */
public record LocalNode(NodeName name, String hostname) {

    private static final String LOCALHOST = "localhost";

    /** A NodeName that is given holds, even if slurm.conf does not know it: a dynamic node is not in there. */
    static LocalNode given(NodeName name, String hostname) {
        return new LocalNode(name, shortened(hostname));
    }

    /**
     * Finds it by the names of the host, in the order of slurmd. Source: {@code slurm_conf_get_aliased_nodename} of Slurm
     * src/common/read_config.c and its callers.
     *
     * <ol>
     *   <li>As a NodeHostname: the short host name, the full one, the others, {@code localhost}.
     *   <li>As a NodeName, for a slurmd that was told it ({@code slurmd -N}): the short host name, the full one.
     *   <li>With room for dynamic nodes ({@code slurmd -Z}), the full host name itself.
     * </ol>
     *
     * @param hostname this host's name as the kernel has it
     * @param others {@link HostNames}, as far as they are known
     * @throws NodeFaultException with {@code NODE_UNKNOWN}, saying what was tried; also when the host is several nodes
     */
    static LocalNode find(SlurmConf conf, String hostname, List<String> others) throws NodeFaultException {
        String shortName = shortened(hostname);
        var names = new LinkedHashSet<>(List.of(shortName, hostname));
        var hostnames = new LinkedHashSet<>(names);
        hostnames.addAll(others);
        hostnames.add(LOCALHOST);
        for (String name : hostnames) {
            Optional<SlurmNode> node = withHostname(conf, name);
            if (node.isPresent()) {
                return new LocalNode(node.get().name(), shortName);
            }
        }
        return names.stream()
                .filter(NodeName::isNodeName)
                .map(NodeName::new)
                .filter(name -> conf.node(name).isPresent())
                .findFirst()
                .or(() -> dynamic(conf, hostname))
                .map(name -> new LocalNode(name, shortName))
                .orElseThrow(() -> unknown(conf, names, others));
    }

    /** Whether the host is found by its own name, so that its others need not be known. */
    static boolean isFoundByItsOwnName(SlurmConf conf, String hostname) {
        return Stream.of(shortened(hostname), hostname)
                .anyMatch(name -> !conf.withHostname(name).isEmpty());
    }

    private static Optional<NodeName> dynamic(SlurmConf conf, String hostname) {
        return conf.hasRoomForDynamicNodes() && NodeName.isNodeName(hostname)
                ? Optional.of(new NodeName(hostname))
                : Optional.empty();
    }

    /**
     * SlurmdSpoolDir as slurmd expands it: the first {@code %h}, then the first {@code %n}, and no other.
     *
     * @throws NodeFaultException with {@code SPOOL_UNREADABLE} when that is no path in this process's locale
     */
    public Path expand(String slurmdSpoolDir) throws NodeFaultException {
        try {
            return Path.of(slurmdSpoolDir
                    .replaceFirst("%h", Matcher.quoteReplacement(hostname))
                    .replaceFirst("%n", Matcher.quoteReplacement(name.value())));
        } catch (InvalidPathException e) {
            throw new NodeFaultException(Reason.SPOOL_UNREADABLE, "SlurmdSpoolDir is not a path: " + e.getReason());
        }
    }

    private static Optional<SlurmNode> withHostname(SlurmConf conf, String hostname) throws NodeFaultException {
        List<SlurmNode> nodes = conf.withHostname(hostname);
        if (nodes.size() > 1) {
            throw new NodeFaultException(
                    Reason.NODE_UNKNOWN,
                    nodes.size() + " nodes have the NodeHostname " + hostname
                            + ", the option nodename has to say which: "
                            + nodes.stream()
                                    .limit(4)
                                    .map(node -> node.name().value())
                                    .collect(Collectors.joining(" ")));
        }
        return nodes.stream().findFirst();
    }

    private static NodeFaultException unknown(SlurmConf conf, Iterable<String> names, List<String> others) {
        return new NodeFaultException(
                Reason.NODE_UNKNOWN,
                "no node of " + conf.file() + " has the NodeHostname or NodeName " + String.join(" or ", names)
                        + ", or the NodeHostname "
                        + Stream.concat(others.stream().limit(4), Stream.of(LOCALHOST))
                                .collect(Collectors.joining(" or "))
                        + ", and there is no room for dynamic nodes (MaxNodeCount)");
    }

    private static String shortened(String hostname) {
        return hostname.split("\\.", 2)[0];
    }
}
