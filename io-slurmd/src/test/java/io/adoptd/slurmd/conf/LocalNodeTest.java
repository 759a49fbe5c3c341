package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalNodeTest {

    @ParameterizedTest(name = "{0}, nodename={1}, on {2}: {3}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "NodeName=n1 NodeHostname=h1                       |     | h1            | n1 | h1",
                "NodeName=n1 NodeHostname=h1                       |     | h1.site.org   | n1 | h1",
                "NodeName=h1                                       |     | h1.site.org   | h1 | h1",
                "NodeName=n1 NodeHostname=h1.site.org              |     | h1.site.org   | n1 | h1.site.org",
                "NodeName=h1.site.org NodeHostname=x               |     | h1.site.org   | h1.site.org | x",
                "NodeName=h1 NodeHostname=other                    |     | h1            | h1 | other",
                // The NodeHostname goes before the NodeName, the short name before the full one.
                "NodeName=h1,n2 NodeHostname=x,h1                  |     | h1            | n2 | h1",
                "NodeName=n1,n2 NodeHostname=h1.site.org,h1        |     | h1.site.org   | n2 | h1",
                "NodeName=n1 NodeHostname=localhost                |     | h1            | n1 | localhost",
                "NodeName=n1,n2 NodeHostname=localhost,h1          |     | h1            | n2 | h1",
                // What is given holds, known or not.
                "NodeName=n1,n2 NodeHostname=h1,h2                 | n2  | h1            | n2 | h2",
                "NodeName=n1 NodeHostname=h1                       | dyn | h1.site.org   | dyn | h1",
                "NodeName=n[1-9] NodeHostname=localhost            | n3  | h1            | n3 | localhost",
            })
    void isFound(String nodes, @Nullable String given, String hostname, String name, String percentH) throws Exception {
        assertThat(LocalNode.find(conf(nodes), node(given), hostname))
                .isEqualTo(new LocalNode(new NodeName(name), percentH));
    }

    @Test
    void noMatchSaysWhatWasTried() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n1"), null, "h1.site.org"))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NODE_UNKNOWN))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo(
                                "no node of /etc/slurm/slurm.conf has the NodeHostname or NodeName h1 or h1.site.org,"
                                        + " or the NodeHostname localhost"));
    }

    @Test
    void aHostThatIsSeveralNodesHasToBeToldWhich() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n[1-9] NodeHostname=h1"), null, "h1"))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NODE_UNKNOWN))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo(
                                "9 nodes have the NodeHostname h1, the option nodename has to say which: n1 n2 n3 n4"));
    }

    @Test
    void aStrangeHostnameIsNoNode() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n1"), null, ""));
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n1"), null, "(none)"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/var/spool/slurmd       | /var/spool/slurmd",
                "/var/spool/slurmd.%n    | /var/spool/slurmd.n1",
                "/var/%h/slurmd.%n       | /var/h1/slurmd.n1",
                "/var/%n/%h              | /var/n1/h1",
                "/var/%n/%n/%h/%h        | /var/n1/%n/h1/%h",
                "/var/%x                 | /var/%x",
            })
    void onlyTheFirstOfEachIsExpanded(String spoolDir, String expanded) {
        assertThat(new LocalNode(new NodeName("n1"), "h1").expand(spoolDir)).isEqualTo(Path.of(expanded));
    }

    private static @Nullable NodeName node(@Nullable String name) {
        return name == null ? null : new NodeName(name);
    }

    private static SlurmConf conf(String text) throws SlurmConfException {
        return new SlurmConfReader(file -> text, name -> Optional.empty()).read(Path.of("/etc/slurm/slurm.conf"));
    }
}
