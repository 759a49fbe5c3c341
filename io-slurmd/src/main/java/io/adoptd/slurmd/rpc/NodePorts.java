package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmNode;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the slurmds of nodes with a {@code Port=} of their own are: several on one host, or one behind a port that is not
 * SlurmdPort. A node is at its NodeAddr, and at its NodeHostname.
 *
 * <p>Those may be names, so they are looked up when a slurm.conf is seen for the first time, on a thread of its own that
 * ends with the work; who asks meanwhile gets what was known before. Only hosts with such a node are looked up.
 */
public final class NodePorts implements AutoCloseable {

    /** Most slurmds of one host that are asked; the first ones of slurm.conf. Test clusters have up to 100. */
    static final int MAX_PORTS = 128;

    /** Most names that are looked up for one slurm.conf. */
    static final int MAX_NAMES = 1_024;

    /** No name is looked up any more when this has passed. */
    static final Duration LOOKUPS_LAST = Duration.ofSeconds(30);

    /** How long names that were not found are left alone. */
    static final Duration NOT_FOUND_LASTS = Duration.ofMinutes(1);

    /** Stands for each loopback address: at them are the slurmds of the nodes that this host is. */
    static final InetAddress THIS_HOST = InetAddress.getLoopbackAddress();

    /** Looks a name up; may block. */
    interface Names {
        InetAddress[] addressesOf(String name) throws UnknownHostException;

        /** Whether an address is this host's. */
        default boolean isOwn(InetAddress address) {
            try {
                return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
            } catch (SocketException e) {
                return false;
            }
        }
    }

    private static final Logger log = LoggerFactory.getLogger(NodePorts.class);

    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|.*:.*");

    private final Names names;
    private final Executor lookups;
    private final LongSupplier nanos;
    private volatile Table table = new Table(null, Map.of(), true, 0);
    private @Nullable SlurmConf begun;

    public NodePorts() {
        this(InetAddress::getAllByName, oneThread(), System::nanoTime);
    }

    NodePorts(Names names, Executor lookups, LongSupplier nanos) {
        this.names = names;
        this.lookups = lookups;
        this.nanos = nanos;
    }

    /**
     * The ports at each address that has another than SlurmdPort alone; those of this host also at {@link #THIS_HOST}.
     * Never blocks.
     *
     * @param conf as it was read; the same object until it is read again
     */
    public Map<InetAddress, List<Integer>> of(SlurmConf conf) {
        Table known = table;
        if (!known.isOf(conf, nanos.getAsLong())) {
            begin(conf);
        }
        return known.ports();
    }

    /** No name is looked up any more. */
    @Override
    public void close() {
        if (lookups instanceof ExecutorService threads) {
            threads.shutdownNow();
        }
    }

    @SuppressWarnings("ReferenceEquality") // a conf is read once; comparing all of its nodes would cost more
    private synchronized void begin(SlurmConf conf) {
        if (begun != conf) {
            begun = conf;
            lookups.execute(() -> lookUp(conf));
        }
    }

    private void lookUp(SlurmConf conf) {
        long end = nanos.getAsLong() + LOOKUPS_LAST.toNanos();
        var ports = new LinkedHashMap<InetAddress, Set<Integer>>();
        boolean complete = true;
        int looked = 0;
        for (Map.Entry<String, Set<Integer>> host : portsByHost(conf).entrySet()) {
            boolean literal = LITERAL.matcher(host.getKey()).matches();
            if (!literal && (++looked > MAX_NAMES || nanos.getAsLong() - end >= 0)) {
                log.warn("nodeports.incomplete file=\"{}\" names={}", conf.file(), looked - 1);
                break;
            }
            try {
                for (InetAddress address : names.addressesOf(host.getKey())) {
                    Stream.of(address, names.isOwn(address) ? THIS_HOST : address)
                            .forEach(at -> ports.computeIfAbsent(at, none -> new LinkedHashSet<>())
                                    .addAll(host.getValue()));
                }
            } catch (UnknownHostException e) {
                log.debug("no address of {}", host.getKey());
                complete &= literal; // what is no address now never will be
            }
        }
        table = new Table(conf, bounded(ports), complete, nanos.getAsLong());
        over();
    }

    private synchronized void over() {
        begun = null;
    }

    /** By what slurm.conf calls them, the hosts that have a slurmd somewhere else than at SlurmdPort. */
    private static Map<String, Set<Integer>> portsByHost(SlurmConf conf) {
        Set<String> special = conf.nodes().stream()
                .filter(node -> node.port() != conf.slurmdPort())
                .flatMap(NodePorts::hosts)
                .collect(Collectors.toSet());
        var ports = new LinkedHashMap<String, Set<Integer>>();
        for (SlurmNode node : conf.nodes()) {
            hosts(node)
                    .filter(special::contains)
                    .forEach(host -> ports.computeIfAbsent(host, none -> new LinkedHashSet<>())
                            .add(node.port()));
        }
        return ports;
    }

    private static Stream<String> hosts(SlurmNode node) {
        return Stream.of(node.address(), node.hostname()).distinct();
    }

    private static Map<InetAddress, List<Integer>> bounded(Map<InetAddress, Set<Integer>> ports) {
        return ports.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey,
                        entry -> entry.getValue().stream().limit(MAX_PORTS).toList()));
    }

    private static ExecutorService oneThread() {
        var thread = new ThreadPoolExecutor(
                1,
                1,
                1,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(1),
                work -> {
                    var daemon = new Thread(work, "node-names");
                    daemon.setDaemon(true);
                    return daemon;
                },
                new ThreadPoolExecutor.DiscardOldestPolicy());
        thread.allowCoreThreadTimeOut(true);
        return thread;
    }

    /** What is known, and of which slurm.conf. */
    private record Table(@Nullable SlurmConf conf, Map<InetAddress, List<Integer>> ports, boolean complete, long at) {

        @SuppressWarnings("ReferenceEquality") // as above
        boolean isOf(SlurmConf now, long nanos) {
            return conf == now && (complete || nanos - at < NOT_FOUND_LASTS.toNanos());
        }
    }
}
