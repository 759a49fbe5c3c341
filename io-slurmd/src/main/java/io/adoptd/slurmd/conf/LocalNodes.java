package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says which node this host is. Most are found by the host's own name. Only where that is not enough are its other names
 * asked for: on a thread {@code hostnames}, of which there is never more than one and which no login waits for.
 */
public final class LocalNodes {

    /** How long a name service may take before it counts as one that knows no other name. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** When a host that no name made a node is asked for again: its name service may come up after adoptd. */
    static final Duration FRUITLESS_LASTS = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(LocalNodes.class);

    private final HostnameSource hostname;
    private final @Nullable String environment;
    private final HostNames names;
    private final Executor lookups;
    private final LongSupplier nanos;

    private @Nullable Lookup running;
    private @Nullable Known known;
    private volatile @Nullable Found lastFound;

    /**
     * @param environment adoptd's {@code SLURMD_NODENAME}; null when it is not set, and empty counts as not set
     * @param names the other names of the host
     */
    public LocalNodes(HostnameSource hostname, @Nullable String environment, HostNames names) {
        this(hostname, environment, names, LocalNodes::inItsOwnThread, System::nanoTime);
    }

    LocalNodes(
            HostnameSource hostname,
            @Nullable String environment,
            HostNames names,
            Executor lookups,
            LongSupplier nanos) {
        this.hostname = hostname;
        this.environment = environment == null || environment.isEmpty() ? null : environment;
        this.names = names;
        this.lookups = lookups;
        this.nanos = nanos;
    }

    private static void inItsOwnThread(Runnable lookup) {
        var thread = new Thread(lookup, "hostnames");
        thread.setDaemon(true);
        thread.start();
    }

    /** A lookup that has begun. */
    private record Lookup(long began) {

        boolean isOverdue(long now) {
            return now - began >= PATIENCE.toNanos();
        }
    }

    /** What the last lookup that came back told, and for which slurm.conf it was begun. */
    private record Known(String hostname, List<String> names, SlurmConf conf, long at) {

        Known {
            names = List.copyOf(names);
        }

        Known with(List<String> others) {
            return new Known(hostname, others, conf, at);
        }

        boolean isToBeAskedAgain(String own, SlurmConf now, long nanos) {
            return !hostname.equals(own)
                    || !conf.equals(now)
                    || (isFruitless() && nanos - at >= FRUITLESS_LASTS.toNanos());
        }

        private boolean isFruitless() {
            return names.stream().allMatch(name -> conf.withHostname(name).isEmpty());
        }
    }

    /**
     * The node that this host is. Blocks as little as reading the host's name does.
     *
     * @param given what the option {@code nodename} says, which holds before all else; null when it says nothing
     * @throws NodeFaultException with {@code NODE_UNKNOWN}: when no name makes the host a node, makes it several, or when
     *     its other names are still being asked for, which is so for {@link #PATIENCE} after the start at most
     */
    public LocalNode find(SlurmConf conf, @Nullable NodeName given) throws NodeFaultException {
        String own = ownName();
        NodeName told = given == null ? ofEnvironment() : given;
        if (told != null) {
            return LocalNode.given(told, own);
        }
        Found last = lastFound;
        if (last != null && last.isBy(conf, own)) {
            return last.node();
        }
        if (!LocalNode.isFoundByItsOwnName(conf, own)) {
            return LocalNode.find(conf, own, othersOf(own, conf));
        }
        LocalNode node = LocalNode.find(conf, own, List.of());
        lastFound = new Found(conf, own, node);
        return node;
    }

    /** A node that the host is by its own name, in one reading of slurm.conf: that may list thousands. */
    private record Found(SlurmConf conf, String hostname, LocalNode node) {

        @SuppressWarnings("ReferenceEquality") // one reading is one object
        boolean isBy(SlurmConf now, String own) {
            return conf == now && hostname.equals(own);
        }
    }

    private String ownName() throws NodeFaultException {
        try {
            return hostname.hostname();
        } catch (IOException e) {
            throw new NodeFaultException(Reason.NODE_UNKNOWN, "the host name cannot be read: " + e);
        }
    }

    private @Nullable NodeName ofEnvironment() throws NodeFaultException {
        if (environment == null) {
            return null;
        }
        if (!NodeName.isNodeName(environment)) {
            throw new NodeFaultException(Reason.NODE_UNKNOWN, "SLURMD_NODENAME is no NodeName");
        }
        return new NodeName(environment);
    }

    /** What is known of them. What is not, or not since this slurm.conf, a later login will know. */
    private synchronized List<String> othersOf(String own, SlurmConf conf) throws NodeFaultException {
        if (known == null || known.isToBeAskedAgain(own, conf, nanos.getAsLong())) {
            ask(own, conf);
        }
        if (known != null && known.hostname().equals(own)) {
            return known.names();
        }
        if (running != null && running.isOverdue(nanos.getAsLong())) {
            return List.of();
        }
        throw new NodeFaultException(
                Reason.NODE_UNKNOWN,
                "no node of " + conf.file() + " has the NodeHostname " + own
                        + ", and its other names are still asked for");
    }

    private void ask(String own, SlurmConf conf) {
        if (running != null) {
            return;
        }
        running = new Lookup(nanos.getAsLong());
        try {
            lookups.execute(() -> lookUp(own, conf));
        } catch (RuntimeException | Error e) {
            running = null;
            throw e;
        }
    }

    /** A name service that fails takes no name away. */
    private synchronized void answered(Known answer, boolean failed) {
        Known before = known;
        known = failed && before != null && before.hostname().equals(answer.hostname())
                ? answer.with(before.names())
                : answer;
        running = null;
    }

    private void lookUp(String own, SlurmConf conf) {
        List<String> others = List.of();
        boolean failed = false;
        try {
            others = names.of(own);
            log.debug("{} is also called {}", own, others);
        } catch (IOException | RuntimeException e) {
            log.warn("node.nameless hostname=\"{}\" why=\"{}\"", own, e.toString());
            failed = true;
        }
        answered(new Known(own, others, conf, nanos.getAsLong()), failed);
    }
}
