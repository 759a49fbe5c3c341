package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalNodesTest {

    private final List<String> asked = new ArrayList<>();
    private final Deque<Runnable> lookups = new ArrayDeque<>();
    private final AtomicLong nanos = new AtomicLong();
    private String hostname = "h1.site.org";
    private HostNames names = name -> List.of("rack1-h1");

    // What is given

    @Test
    void theOptionHoldsBeforeTheEnvironment() throws Exception {
        LocalNodes nodes = nodes("n2");
        SlurmConf conf = conf("NodeName=n[1-3] NodeHostname=h1");
        assertThat(nodes.find(conf, new NodeName("n3"))).isEqualTo(new LocalNode(new NodeName("n3"), "h1"));
        assertThat(nodes.find(conf, null)).isEqualTo(new LocalNode(new NodeName("n2"), "h1"));
    }

    @Test
    void whatIsGivenHoldsEvenIfSlurmConfDoesNotKnowIt() throws Exception {
        assertThat(nodes(null).find(conf("NodeName=n1"), new NodeName("dyn")))
                .isEqualTo(new LocalNode(new NodeName("dyn"), "h1"));
        assertThat(lookups).isEmpty();
    }

    @Test
    void anEmptyEnvironmentIsNone() throws Exception {
        assertThat(nodes("").find(conf("NodeName=h1"), null).name()).isEqualTo(new NodeName("h1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../n1", "n 1", "n1\n", "é"})
    void whatIsNoNodeNameInTheEnvironmentIsAFault(String environment) throws Exception {
        assertThatUnknown(nodes(environment), conf("NodeName=h1")).isEqualTo("SLURMD_NODENAME is no NodeName");
    }

    @Test
    void aHostWithoutANameIsAFault() throws Exception {
        var nodes = new LocalNodes(
                () -> {
                    throw new IOException("no proc");
                },
                null,
                names);
        assertThatUnknown(nodes, conf("NodeName=h1"))
                .isEqualTo("the host name cannot be read: java.io.IOException: no proc");
    }

    // Other names

    @ParameterizedTest
    @ValueSource(strings = {"NodeName=h1", "NodeName=n1 NodeHostname=h1.site.org"})
    void aHostThatItsOwnNameMakesANodeIsNotAskedForOthers(String lines) throws Exception {
        nodes(null).find(conf(lines), null);
        assertThat(lookups).isEmpty();
    }

    @Test
    void noLoginWaitsForTheOtherNames() throws Exception {
        LocalNodes nodes = nodes(null);
        SlurmConf conf = conf("NodeName=n1,n2 NodeHostname=rack1-h1,localhost");
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        assertThat(lookups).hasSize(1);
        lookups.remove().run();
        assertThat(nodes.find(conf, null).name()).isEqualTo(new NodeName("n1"));
        assertThat(asked).containsExactly("h1.site.org");
    }

    @Test
    void aNameServiceThatDoesNotAnswerCountsAsNone() throws Exception {
        LocalNodes nodes = nodes(null);
        SlurmConf conf = conf("NodeName=n1 NodeHostname=localhost");
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        nanos.addAndGet(LocalNodes.PATIENCE.toNanos() - 1);
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        nanos.addAndGet(1);
        assertThat(nodes.find(conf, null).name()).isEqualTo(new NodeName("n1"));
        assertThat(lookups).hasSize(1);
    }

    @Test
    void whenSlurmConfHasChangedTheyAreAskedForAgainAndTheOldOnesHoldMeanwhile() throws Exception {
        LocalNodes nodes = looked(conf("NodeName=n1 NodeHostname=rack1-h1"));
        SlurmConf changed = conf("NodeName=n1,n2 NodeHostname=rack1-h1,rack2-h1");
        names = name -> List.of("rack2-h1");
        assertThat(nodes.find(changed, null).name()).isEqualTo(new NodeName("n1"));
        lookups.remove().run();
        assertThat(nodes.find(changed, null).name()).isEqualTo(new NodeName("n2"));
        assertThat(lookups).isEmpty();
    }

    @Test
    void aNameServiceThatFailsTakesNoNameAway() throws Exception {
        SlurmConf conf = conf("NodeName=n1 NodeHostname=rack1-h1");
        LocalNodes nodes = looked(conf);
        names = name -> {
            throw new IOException("try again");
        };
        SlurmConf changed = conf("NodeName=n1 NodeHostname=rack1-h1\nSlurmdPort=7000");
        nodes.find(changed, null);
        lookups.remove().run();
        assertThat(nodes.find(changed, null).name()).isEqualTo(new NodeName("n1"));
        assertThat(lookups).isEmpty();
    }

    @Test
    void aHostThatNoNameMakesANodeIsAskedForAgainAfterAWhile() throws Exception {
        names = name -> {
            throw new IOException("try again");
        };
        SlurmConf conf = conf("NodeName=n1 NodeHostname=rack1-h1");
        LocalNodes nodes = looked(conf);
        assertThatUnknown(nodes, conf).contains("the NodeHostname localhost");
        nanos.addAndGet(LocalNodes.FRUITLESS_LASTS.toNanos() - 1);
        assertThatUnknown(nodes, conf).contains("the NodeHostname localhost");
        assertThat(lookups).isEmpty();
        nanos.addAndGet(1);
        names = name -> List.of("rack1-h1");
        assertThatUnknown(nodes, conf).contains("the NodeHostname localhost");
        lookups.remove().run();
        assertThat(nodes.find(conf, null).name()).isEqualTo(new NodeName("n1"));
    }

    @Test
    void theNamesOfAnotherHostnameAreNotItsOwn() throws Exception {
        SlurmConf conf = conf("NodeName=n1 NodeHostname=rack1-h1");
        LocalNodes nodes = looked(conf);
        hostname = "h2.site.org";
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        names = name -> List.of();
        lookups.remove().run();
        assertThatUnknown(nodes, conf).contains("h2 or h2.site.org");
    }

    @Test
    void aLookupThatCannotBeginIsTriedAgain() throws Exception {
        var nodes = new LocalNodes(
                () -> hostname,
                null,
                names,
                lookup -> {
                    if (lookups.isEmpty()) {
                        lookups.add(lookup);
                        throw new IllegalStateException("no thread");
                    }
                    lookup.run();
                },
                nanos::get);
        SlurmConf conf = conf("NodeName=n1 NodeHostname=rack1-h1");
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> nodes.find(conf, null));
        assertThat(nodes.find(conf, null).name()).isEqualTo(new NodeName("n1"));
    }

    @Test
    void aHangingNameServiceHoldsOneThread() throws Exception {
        var answered = new CountDownLatch(1);
        var nodes = new LocalNodes(() -> hostname, null, name -> {
            try {
                return answered.await(20, TimeUnit.SECONDS) ? List.of("rack1-h1") : List.of();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        });
        SlurmConf conf = conf("NodeName=n1 NodeHostname=rack1-h1");
        for (int login = 0; login < 20; login++) {
            assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        }
        assertThat(lookupThreads()).isEqualTo(1);
        answered.countDown();
        await().until(() -> isFound(nodes, conf));
        await().until(() -> lookupThreads() == 0);
    }

    private static boolean isFound(LocalNodes nodes, SlurmConf conf) {
        try {
            return nodes.find(conf, null).name().equals(new NodeName("n1"));
        } catch (NodeFaultException notYet) {
            return false;
        }
    }

    private static long lookupThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("hostnames"))
                .count();
    }

    private LocalNodes nodes(@Nullable String environment) {
        return new LocalNodes(
                () -> hostname,
                environment,
                name -> {
                    asked.add(name);
                    return names.of(name);
                },
                lookups::add,
                nanos::get);
    }

    /** Nodes that have asked for the other names, and were answered. */
    private LocalNodes looked(SlurmConf conf) {
        LocalNodes nodes = nodes(null);
        assertThatUnknown(nodes, conf).contains("its other names are still asked for");
        lookups.remove().run();
        return nodes;
    }

    private static org.assertj.core.api.AbstractStringAssert<?> assertThatUnknown(LocalNodes nodes, SlurmConf conf) {
        try {
            throw new AssertionError("it is " + nodes.find(conf, null));
        } catch (NodeFaultException e) {
            assertThat(e.reason()).isEqualTo(Reason.NODE_UNKNOWN);
            return assertThat(e.why());
        }
    }

    private static SlurmConf conf(String lines) throws SlurmConfException {
        return new SlurmConfReader(file -> "ClusterName=t\n" + lines, name -> Optional.empty())
                .read(Path.of("/etc/slurm/slurm.conf"));
    }
}
