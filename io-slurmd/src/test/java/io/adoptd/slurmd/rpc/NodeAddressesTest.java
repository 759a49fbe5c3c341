package io.adoptd.slurmd.rpc;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmNode;
import java.net.InetAddress;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeAddressesTest {

    private static final InetAddress SOURCE = ip("fd77::12");

    private final Map<String, List<String>> hosts = new HashMap<>();
    private final Map<InetAddress, String> names = new HashMap<>();
    private final List<String> looked = new ArrayList<>();
    private final Queue<Runnable> work = new ArrayDeque<>();
    private long now;
    private Duration eachLookup = Duration.ZERO;
    private final NodeAddresses addresses =
            new NodeAddresses(new FakeNames(), () -> "c1.cluster", work::add, () -> now);

    @Test
    void aNodeOfBothFamiliesIsFoundByItsNodeHostname() {
        hosts.put("c2", List.of("10.0.0.12", "fd77::12"));
        assertThat(of(SOURCE, conf(node("c1", "c1", "10.0.0.11"), node("c2", "c2", "10.0.0.12"))))
                .containsExactly(ip("10.0.0.12"));
    }

    @Test
    void aNodeWhoseNodeAddrIsIpv6HasTheIpv4AddressesOfItsNodeHostname() {
        hosts.put("c2", List.of("10.0.0.12", "10.1.0.12"));
        assertThat(of(SOURCE, conf(node("c2", "c2", "fd77::12")))).containsExactly(ip("10.0.0.12"), ip("10.1.0.12"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c2", "c2.cluster"})
    void theSourcesOwnNameSparesLookingUpAllNodes(String name) {
        names.put(SOURCE, name);
        hosts.put("c2", List.of("10.0.0.12", "fd77::12"));
        SlurmConf conf = conf(IntStream.range(1, 50)
                .mapToObj(i -> node("c" + i, "c" + i, "c" + i))
                .toArray(SlurmNode[]::new));
        assertThat(of(SOURCE, conf)).containsExactly(ip("10.0.0.12"));
        assertThat(looked).containsExactly("c2");
    }

    @Test
    void aNameOfANodeThatHasNotTheSourcesAddressIsNotBelieved() {
        names.put(SOURCE, "c2");
        hosts.put("c2", List.of("10.0.0.12", "fd77::99"));
        hosts.put("c3", List.of("10.0.0.13", "fd77::12"));
        assertThat(of(SOURCE, conf(node("c2", "c2", "c2"), node("c3", "c3", "c3"))))
                .containsExactly(ip("10.0.0.13"));
    }

    @Test
    void aSourceThatIsNoNodeHasNone() {
        hosts.put("c2", List.of("10.0.0.12", "fd77::99"));
        assertThat(of(SOURCE, conf(node("c2", "c2", "c2")))).isEmpty();
    }

    @Test
    void allNodesAreLookedUpOnceAnHourThoughManySourcesAreNone() {
        SlurmConf conf = conf(node("c2", "c2", "c2"));
        for (int i = 0; i < 100; i++) {
            assertThat(of(ip("fd99::" + i), conf)).isEmpty();
        }
        assertThat(looked).containsExactly("c2");
        now += NodeAddresses.ALL_NODES_LAST.toNanos();
        of(SOURCE, conf);
        assertThat(looked).containsExactly("c2", "c2");
    }

    @Test
    void whatIsFoundIsUsedForTenMinutes() {
        names.put(SOURCE, "c2");
        hosts.put("c2", List.of("10.0.0.12", "fd77::12"));
        SlurmConf conf = conf(node("c2", "c2", "c2"));
        of(SOURCE, conf);
        now += NodeAddresses.FOUND_LASTS.toNanos() - 1;
        of(SOURCE, conf);
        assertThat(looked).hasSize(1);
        now += 1;
        hosts.put("c2", List.of("10.0.0.13", "fd77::12"));
        assertThat(of(SOURCE, conf)).containsExactly(ip("10.0.0.13"));
    }

    @Test
    void anotherSlurmConfIsLookedUpAnew() {
        hosts.put("c2", List.of("10.0.0.12", "fd77::12"));
        of(SOURCE, conf(node("c3", "c3", "c3")));
        assertThat(of(SOURCE, conf(node("c2", "c2", "c2")))).containsExactly(ip("10.0.0.12"));
    }

    @Test
    void loginsFromOneSourceShareItsLookup() {
        SlurmConf conf = conf(node("c2", "c2", "c2"));
        var one = addresses.of(SOURCE, conf).toFuture();
        var other = addresses.of(SOURCE, conf).toFuture();
        assertThat(work).hasSize(1);
        one.cancel(true);
        work.remove().run();
        assertThat(other).as("also when one of them goes away").isCompletedWithValue(List.of());
    }

    @Test
    void soManyNamesAreLookedUpAndNoMore() {
        of(
                SOURCE,
                conf(IntStream.range(0, 2_000)
                        .mapToObj(i -> node("n" + i, "host" + i, "addr" + i))
                        .toArray(SlurmNode[]::new)));
        assertThat(looked).hasSize(NodeAddresses.MAX_NAMES);
    }

    @Test
    void slowNamesAreLookedUpForSoLong() {
        eachLookup = ofSeconds(5);
        of(
                SOURCE,
                conf(IntStream.range(0, 20)
                        .mapToObj(i -> node("n" + i, "host" + i, "host" + i))
                        .toArray(SlurmNode[]::new)));
        assertThat(looked).hasSize(6);
    }

    @Test
    void soManySourcesAreRemembered() {
        SlurmConf conf = conf();
        for (int i = 0; i <= NodeAddresses.MAX_SOURCES; i++) {
            of(ip("fd99::" + Integer.toHexString(i)), conf);
        }
        of(ip("fd99::" + Integer.toHexString(NodeAddresses.MAX_SOURCES)), conf);
        assertThat(work).isEmpty();
        addresses.of(ip("fd99::0"), conf).subscribe();
        assertThat(work).as("the first is forgotten").hasSize(1);
    }

    @Test
    void pastTheBoundOfThoseThatWaitThereIsNoOtherAddressAtOnce() {
        var full = new NodeAddresses(
                new FakeNames(),
                () -> "c1",
                task -> {
                    throw new RejectedExecutionException("full");
                },
                () -> now);
        assertThat(full.of(SOURCE, conf()).toFuture()).isCompletedWithValue(List.of());
    }

    @Test
    void aLoopbackSourceIsThisHostAtItsNodeAddr() {
        SlurmConf conf = conf(node("c1", "c1", "10.0.0.11"), node("c2", "c2", "10.0.0.12"));
        assertThat(of(ip("127.0.0.1"), conf)).containsExactly(ip("10.0.0.11"));
        assertThat(of(ip("::1"), conf)).containsExactly(ip("127.0.0.1"), ip("10.0.0.11"));
    }

    @Test
    void aHostWhoseNameNoNodeHasIsAtItsLoopbackAddress() {
        assertThat(of(ip("::1"), conf(node("c2", "c2", "10.0.0.12")))).containsExactly(ip("127.0.0.1"));
    }

    @Test
    void theRealOneKnowsThisHost() {
        try (var real = new NodeAddresses(() -> "127.0.0.3")) { // a literal, which asks no name service
            assertThat(real.of(ip("::1"), conf(node("c1", "127.0.0.3", "127.0.0.3")))
                            .toFuture())
                    .succeedsWithin(ofSeconds(20))
                    .isEqualTo(List.of(ip("127.0.0.1"), ip("127.0.0.3")));
        }
    }

    private List<InetAddress> of(InetAddress source, SlurmConf conf) {
        CompletableFuture<List<InetAddress>> found = addresses.of(source, conf).toFuture();
        while (!work.isEmpty()) {
            work.remove().run();
        }
        assertThat(found).isDone();
        return found.join();
    }

    private final class FakeNames implements NodeAddresses.Names {

        @Override
        public InetAddress[] addressesOf(String name) throws UnknownHostException {
            if (Character.isDigit(name.charAt(0)) || name.contains(":")) {
                return new InetAddress[] {ip(name)};
            }
            looked.add(name);
            now += eachLookup.toNanos();
            List<String> known = hosts.get(name);
            if (known == null) {
                throw new UnknownHostException(name);
            }
            return known.stream().map(NodeAddressesTest::ip).toArray(InetAddress[]::new);
        }

        @Override
        public String nameOf(InetAddress address) {
            return names.getOrDefault(address, address.getHostAddress());
        }
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

    private static SlurmNode node(String name, String hostname, String address) {
        return new SlurmNode(new NodeName(name), hostname, address, 6818);
    }

    private static InetAddress ip(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
