package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.conf.HostnameSource;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmNode;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Finds the other addresses of the node that a login comes from, for a slurmd that does not listen at the login's source
 * address:
 *
 * <ul>
 *   <li>The source is an IPv6 address, and slurmd listens on IPv4 alone, as it does without {@code EnableIPv6} in
 *       CommunicationParameters. The answer is the IPv4 addresses of the node that has this IPv6 address.
 *   <li>The source is a loopback address, and slurmd listens on IPv4 alone, or at its NodeAddr alone ({@code NoInAddrAny}).
 *       The answer is {@code 127.0.0.1} and the addresses of this host's nodes.
 * </ul>
 *
 * <p>A node has the addresses of its NodeAddr and of its NodeHostname. Looking those up may block, so that is done on a
 * thread of its own, {@code source-names}, and only for a login that needs it. First the source's own name is looked up,
 * which finds the node with two or three lookups; if that names no node, all nodes' names are, up to {@link #MAX_NAMES}
 * and for at most {@link #LOOKUPS_LAST}. Nothing is believed because of it: whoever answers at such an address needs a
 * slurmd's credential.
 *
 * <p>Any thread may call.
 */
public final class NodeAddresses implements AutoCloseable {

    /** Most sources that are remembered; past it the one that was looked up first is forgotten. */
    static final int MAX_SOURCES = 1_024;

    /** Most sources that wait to be looked up; past it the answer is that there is no other address. */
    static final int MAX_WAITING = 64;

    /** Most names of nodes that are looked up, because the source's own name names none. */
    static final int MAX_NAMES = 1_024;

    /** No name of a node is looked up any more when this has passed. */
    static final Duration LOOKUPS_LAST = Duration.ofSeconds(30);

    /** How long what was found is used. */
    static final Duration FOUND_LASTS = Duration.ofMinutes(10);

    /** How long a source that is no node's address is not looked up again. */
    static final Duration NOT_FOUND_LASTS = Duration.ofMinutes(1);

    /** How long the addresses of all nodes are used, once they had to be looked up. */
    static final Duration ALL_NODES_LAST = Duration.ofHours(1);

    /** Most addresses of one node, and most nodes of this host. */
    static final int MAX_ADDRESSES = 8;

    /** The name services; each method may block. */
    interface Names {

        InetAddress[] addressesOf(String name) throws UnknownHostException;

        /** The full name of an address; the address as text if it has none. */
        String nameOf(InetAddress address);
    }

    private static final Logger log = LoggerFactory.getLogger(NodeAddresses.class);

    private static final InetAddress LOOPBACK = ipv4Loopback();

    private final Names names;
    private final HostnameSource hostname;
    private final Executor lookups;
    private final LongSupplier nanos;

    // All below is guarded by this.
    private final Map<InetAddress, Source> sources = new LinkedHashMap<>();
    private @Nullable SlurmConf ofConf;

    /** The thread's alone. */
    private @Nullable AllNodes allNodes;

    /**
     * @param hostname this host's name
     */
    public NodeAddresses(HostnameSource hostname) {
        this(new SystemNames(), hostname, oneThread(), System::nanoTime);
    }

    NodeAddresses(Names names, HostnameSource hostname, Executor lookups, LongSupplier nanos) {
        this.names = names;
        this.hostname = hostname;
        this.lookups = lookups;
        this.nanos = nanos;
    }

    /**
     * The other addresses of the node that has this one, those first that are likelier to be listened at.
     *
     * @param source an IPv6 or a loopback address
     * @param conf as it was read; the same object until it is read again
     * @return exactly one list, empty if none is known, on another thread if it had to be looked up; never an error. It
     *     has no deadline
     */
    public Mono<List<InetAddress>> of(InetAddress source, SlurmConf conf) {
        return Mono.defer(() -> Mono.fromFuture(known(source, conf), true));
    }

    /** No name is looked up any more. */
    @Override
    public void close() {
        if (lookups instanceof ExecutorService threads) {
            threads.shutdownNow();
        }
    }

    @SuppressWarnings("ReferenceEquality") // a conf is read once; comparing all of its nodes would cost more
    private CompletableFuture<List<InetAddress>> known(InetAddress source, SlurmConf conf) {
        Source asked;
        synchronized (this) {
            if (ofConf != conf) {
                ofConf = conf;
                sources.clear();
            }
            Source known = sources.get(source);
            if (known != null && known.isFresh(nanos.getAsLong())) {
                return known.addresses();
            }
            sources.remove(source);
            if (sources.size() >= MAX_SOURCES) {
                sources.remove(sources.keySet().iterator().next());
            }
            asked = new Source(new CompletableFuture<>(), nanos.getAsLong());
            sources.put(source, asked);
        }
        try {
            lookups.execute(() -> asked.addresses().complete(lookUp(source, conf)));
        } catch (RejectedExecutionException full) {
            forget(source, asked);
            asked.addresses().complete(List.of());
        }
        return asked.addresses();
    }

    private synchronized void forget(InetAddress source, Source asked) {
        sources.remove(source, asked);
    }

    private List<InetAddress> lookUp(InetAddress source, SlurmConf conf) {
        try {
            var found = source.isLoopbackAddress() ? ofThisHost(conf) : ipv4Of(source, conf);
            return found.stream()
                    .filter(address -> !address.equals(source))
                    .limit(MAX_ADDRESSES)
                    .toList();
        } catch (IOException | RuntimeException e) {
            log.warn("nodeaddresses.failed source=\"{}\"", source.getHostAddress(), e);
            return List.of();
        }
    }

    /** With the other loopback address first: it needs no lookup to be right. */
    private Set<InetAddress> ofThisHost(SlurmConf conf) throws IOException {
        String full = hostname.hostname();
        var own = List.of(full, shortened(full));
        var addresses = new LinkedHashSet<>(List.of(LOOPBACK));
        conf.nodes().stream()
                .filter(node -> own.contains(node.hostname()))
                .limit(MAX_ADDRESSES)
                .forEach(node -> addresses.addAll(addressesOf(node)));
        return addresses;
    }

    private List<InetAddress> ipv4Of(InetAddress source, SlurmConf conf) {
        AllNodes all = allNodes;
        if (all != null && all.isFresh(conf, nanos.getAsLong()) && all.ipv4().containsKey(source)) {
            return all.of(source);
        }
        List<InetAddress> named = ipv4OfNamed(names.nameOf(source), source, conf);
        if (!named.isEmpty()) {
            return named;
        }
        if (all == null || !all.isFresh(conf, nanos.getAsLong())) {
            all = lookUpAll(conf);
            allNodes = all;
        }
        return all.of(source);
    }

    /** A name is only a hint: the node is the one that has the source's address. */
    private List<InetAddress> ipv4OfNamed(String name, InetAddress source, SlurmConf conf) {
        var hints = List.of(name, shortened(name));
        return conf.nodes().stream()
                .filter(node -> hints.contains(node.hostname())
                        || hints.contains(node.address())
                        || hints.contains(node.name().value()))
                .limit(MAX_ADDRESSES)
                .map(this::addressesOf)
                .filter(addresses -> addresses.contains(source))
                .findFirst()
                .map(NodeAddresses::ipv4)
                .orElse(List.of());
    }

    private AllNodes lookUpAll(SlurmConf conf) {
        long began = nanos.getAsLong();
        var ipv4 = new HashMap<InetAddress, List<InetAddress>>();
        int looked = 0;
        for (SlurmNode node : conf.nodes()) {
            if (looked + 2 > MAX_NAMES || nanos.getAsLong() - began >= LOOKUPS_LAST.toNanos()) {
                log.warn("nodeaddresses.incomplete file=\"{}\" names={}", conf.file(), looked);
                break;
            }
            looked += node.address().equals(node.hostname()) ? 1 : 2;
            Set<InetAddress> addresses = addressesOf(node);
            addresses.stream()
                    .filter(Inet6Address.class::isInstance)
                    .forEach(address -> ipv4.putIfAbsent(address, ipv4(addresses)));
        }
        return new AllNodes(conf, ipv4, nanos.getAsLong());
    }

    private Set<InetAddress> addressesOf(SlurmNode node) {
        var addresses = new LinkedHashSet<InetAddress>();
        Stream.of(node.address(), node.hostname()).distinct().forEach(name -> {
            try {
                Stream.of(names.addressesOf(name)).limit(MAX_ADDRESSES).forEach(addresses::add);
            } catch (UnknownHostException e) {
                log.debug("no address of {}", name);
            }
        });
        return addresses;
    }

    private static List<InetAddress> ipv4(Set<InetAddress> addresses) {
        return addresses.stream().filter(Inet4Address.class::isInstance).toList();
    }

    private static String shortened(String name) {
        int dot = name.indexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private static InetAddress ipv4Loopback() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of 4 bytes", e);
        }
    }

    private static ExecutorService oneThread() {
        var thread = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), work -> {
            var daemon = new Thread(work, "source-names");
            daemon.setDaemon(true);
            return daemon;
        });
        thread.allowCoreThreadTimeOut(true);
        return thread;
    }

    /** What is known of one source, or being looked up. */
    private record Source(CompletableFuture<List<InetAddress>> addresses, long at) {

        boolean isFresh(long nanos) {
            if (!addresses.isDone()) {
                return true;
            }
            Duration lasts = addresses.getNow(List.of()).isEmpty() ? NOT_FOUND_LASTS : FOUND_LASTS;
            return nanos - at < lasts.toNanos();
        }
    }

    /** The IPv4 addresses of the nodes of a slurm.conf, by their IPv6 addresses. */
    private record AllNodes(SlurmConf conf, Map<InetAddress, List<InetAddress>> ipv4, long at) {

        @SuppressWarnings("ReferenceEquality") // as above
        boolean isFresh(SlurmConf now, long nanos) {
            return conf == now && nanos - at < ALL_NODES_LAST.toNanos();
        }

        List<InetAddress> of(InetAddress source) {
            return ipv4.getOrDefault(source, List.of());
        }
    }

    /** As nsswitch.conf(5) has them looked up. */
    private static final class SystemNames implements Names {

        @Override
        public InetAddress[] addressesOf(String name) throws UnknownHostException {
            return InetAddress.getAllByName(name);
        }

        @Override
        public String nameOf(InetAddress address) {
            return address.getCanonicalHostName();
        }
    }
}
