package io.adoptd.slurmd.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmNode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodePortsTest {

    private final Map<String, String> hosts = new HashMap<>();
    private final List<String> looked = new ArrayList<>();
    private final Queue<Runnable> work = new ArrayDeque<>();
    private long now;
    private Duration eachLookup = Duration.ZERO;
    private final NodePorts ports = new NodePorts(this::addressesOf, work::add, () -> now);

    @Test
    void nodesAtSlurmdPortNeedNothing() {
        assertThat(known(conf(node("n1", "n1", "192.0.2.1", 6818), node("n2", "n2", "n2", 6818))))
                .isEmpty();
        assertThat(looked).isEmpty();
    }

    @Test
    void aNodeWithAPortOfItsOwnIsThereAndNowhereElse() {
        assertThat(known(conf(node("n1", "192.0.2.1", "192.0.2.1", 7001))))
                .containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001)));
    }

    @Test
    void aHostThatIsSeveralNodesHasAllTheirPorts() {
        SlurmConf conf = conf(
                node("n1", "192.0.2.1", "192.0.2.1", 7001),
                node("n2", "192.0.2.1", "192.0.2.1", 6818),
                node("n3", "192.0.2.1", "192.0.2.1", 7003),
                node("n4", "192.0.2.4", "192.0.2.4", 6818));
        assertThat(known(conf)).containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001, 6818, 7003)));
    }

    @Test
    void aNodeIsAtItsHostnameToo() {
        hosts.put("host", "192.0.2.9");
        assertThat(known(conf(node("n1", "host", "192.0.2.1", 7001))))
                .containsOnly(Map.entry(ip("192.0.2.1"), List.of(7001)), Map.entry(ip("192.0.2.9"), List.of(7001)));
    }

    @Test
    void twoNamesOfOneHostAreOneHost() {
        hosts.put("a", "192.0.2.1");
        hosts.put("b", "192.0.2.1");
        assertThat(known(conf(node("n1", "a", "a", 7001), node("n2", "b", "b", 7002))))
                .containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001, 7002)));
    }

    @Test
    void theNodesOfThisHostAreAtItsLoopbackAddressesToo() {
        hosts.put("here", "127.0.1.1");
        SlurmConf conf = conf(
                node("n1", "here", "here", 7001),
                node("n2", "here", "here", 7002),
                node("n3", "192.0.2.3", "192.0.2.3", 7003));
        var settings = new SlurmdSettings(6818, new Uid(0), new Uid(0), known(conf));
        assertThat(settings.slurmdsAt(ip("127.0.0.1")))
                .containsExactly(
                        new InetSocketAddress(ip("127.0.0.1"), 7001), new InetSocketAddress(ip("127.0.0.1"), 7002));
        assertThat(settings.slurmdsAt(ip("::1")))
                .containsExactly(new InetSocketAddress(ip("::1"), 7001), new InetSocketAddress(ip("::1"), 7002));
        assertThat(settings.slurmdsAt(ip("192.0.2.3"))).containsExactly(new InetSocketAddress(ip("192.0.2.3"), 7003));
        assertThat(settings.slurmdsAt(ip("192.0.2.4"))).containsExactly(new InetSocketAddress(ip("192.0.2.4"), 6818));
    }

    @ParameterizedTest
    @CsvSource({"16, 16", "100, 100", "128, 128", "200, 128"})
    void soManySlurmdsOfAHostAreAsked(int nodes, int asked) {
        SlurmConf conf = conf(IntStream.range(0, nodes)
                .mapToObj(i -> node("n" + i, "192.0.2.1", "192.0.2.1", 7000 + i))
                .toArray(SlurmNode[]::new));
        assertThat(known(conf).get(ip("192.0.2.1"))).hasSize(asked).startsWith(7000, 7001);
    }

    @Test
    void whoAsksBeforeTheNamesAreKnownGetsWhatWasKnownBefore() {
        SlurmConf before = conf(node("n1", "192.0.2.1", "192.0.2.1", 7001));
        SlurmConf after = conf(node("n1", "192.0.2.1", "192.0.2.1", 7002));
        known(before);
        assertThat(ports.of(after)).containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001)));
        assertThat(work).as("asked for once").hasSize(1);
        ports.of(after);
        assertThat(work).hasSize(1);
        assertThat(known(after)).containsExactly(Map.entry(ip("192.0.2.1"), List.of(7002)));
        assertThat(work).isEmpty();
    }

    @Test
    void aNameThatIsNotFoundIsLookedForAgainAfterAMinute() {
        SlurmConf conf = conf(node("n1", "host", "host", 7001));
        assertThat(known(conf)).isEmpty();
        hosts.put("host", "192.0.2.1");
        now += Duration.ofSeconds(59).toNanos();
        assertThat(known(conf)).isEmpty();
        now += Duration.ofSeconds(1).toNanos();
        assertThat(known(conf)).containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001)));
        now += Duration.ofDays(1).toNanos();
        known(conf);
        assertThat(looked).containsExactly("host", "host");
    }

    @Test
    void soManyNamesAreLookedUpAndNoMore() {
        known(conf(IntStream.range(0, 2_000)
                .mapToObj(i -> node("n" + i, "host" + i, "host" + i, 7001))
                .toArray(SlurmNode[]::new)));
        assertThat(looked).hasSize(NodePorts.MAX_NAMES);
    }

    @Test
    void slowNamesAreLookedUpForSoLong() {
        eachLookup = Duration.ofSeconds(5);
        known(conf(IntStream.range(0, 20)
                .mapToObj(i -> node("n" + i, "host" + i, "host" + i, 7001))
                .toArray(SlurmNode[]::new)));
        assertThat(looked).hasSize(6);
    }

    @Test
    void theRealOneKnowsLiteralsWithoutAskingAnybody() throws InterruptedException {
        try (var real = new NodePorts()) {
            SlurmConf conf = conf(node("n1", "192.0.2.1", "192.0.2.1", 7001));
            for (int i = 0; i < 500 && real.of(conf).isEmpty(); i++) {
                Thread.sleep(10);
            }
            assertThat(real.of(conf)).containsExactly(Map.entry(ip("192.0.2.1"), List.of(7001)));
        }
    }

    /** What is known once all lookups are done. */
    private Map<InetAddress, List<Integer>> known(SlurmConf conf) {
        ports.of(conf);
        while (!work.isEmpty()) {
            work.remove().run();
        }
        return ports.of(conf);
    }

    private InetAddress[] addressesOf(String name) throws UnknownHostException {
        if (Character.isDigit(name.charAt(0))) {
            return new InetAddress[] {ip(name)};
        }
        looked.add(name);
        now += eachLookup.toNanos();
        String address = hosts.get(name);
        if (address == null) {
            throw new UnknownHostException(name);
        }
        return new InetAddress[] {ip(address)};
    }

    private static SlurmConf conf(SlurmNode... nodes) {
        return new SlurmConf(
                Path.of("slurm.conf"),
                "cluster",
                6818,
                "/var/spool/slurmd",
                new Uid(0),
                new Uid(0),
                "auth/munge",
                AuthInfo.DEFAULT,
                0,
                Arrays.asList(nodes));
    }

    private static SlurmNode node(String name, String hostname, String address, int port) {
        return new SlurmNode(new NodeName(name), hostname, address, port);
    }

    private static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
