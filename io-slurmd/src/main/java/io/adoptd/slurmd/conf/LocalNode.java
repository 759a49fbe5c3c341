package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The node that this host is.
 *
 * @param hostname what {@code %h} stands for
 */
public record LocalNode(NodeName name, String hostname) {

    private static final String LOCALHOST = "localhost";

    /**
     * Finds it. A NodeName that is given holds, even if slurm.conf does not know it: a dynamic node is not in there.
     * Without one the short host name is looked for, then the full one, each as NodeHostname and as NodeName, and then
     * the NodeHostname {@code localhost}.
     *
     * @param hostname this host's name as the kernel has it
     * @throws NodeFaultException with {@code NODE_UNKNOWN}, saying what was tried; also when the host is several nodes
     */
    public static LocalNode find(SlurmConf conf, @Nullable NodeName given, String hostname) throws NodeFaultException {
        String shortName = hostname.split("\\.", 2)[0];
        if (given != null) {
            return new LocalNode(
                    given, conf.node(given).map(SlurmNode::hostname).orElse(shortName));
        }
        var names = new LinkedHashSet<>(List.of(shortName, hostname));
        for (String name : names) {
            Optional<SlurmNode> node = withHostname(conf, name).or(() -> withName(conf, name));
            if (node.isPresent()) {
                return of(node.get());
            }
        }
        return withHostname(conf, LOCALHOST)
                .map(LocalNode::of)
                .orElseThrow(() -> new NodeFaultException(
                        Reason.NODE_UNKNOWN,
                        "no node of " + conf.file() + " has the NodeHostname or NodeName " + String.join(" or ", names)
                                + ", or the NodeHostname " + LOCALHOST));
    }

    /** SlurmdSpoolDir as slurmd expands it: the first {@code %h}, then the first {@code %n}, and no other. */
    public Path expand(String slurmdSpoolDir) {
        return Path.of(slurmdSpoolDir
                .replaceFirst("%h", Matcher.quoteReplacement(hostname))
                .replaceFirst("%n", Matcher.quoteReplacement(name.value())));
    }

    private static LocalNode of(SlurmNode node) {
        return new LocalNode(node.name(), node.hostname());
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

    private static Optional<SlurmNode> withName(SlurmConf conf, String name) {
        return NodeName.isNodeName(name) ? conf.node(new NodeName(name)) : Optional.empty();
    }
}
