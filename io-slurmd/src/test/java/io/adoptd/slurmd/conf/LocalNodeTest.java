package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalNodeTest {

    @Test
    void noMatchSaysWhatWasTried() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n1"), "h1.site.org", List.of("rack1-h1")))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NODE_UNKNOWN))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo(
                                "no node of /etc/slurm/slurm.conf has the NodeHostname or NodeName h1 or h1.site.org,"
                                        + " or the NodeHostname rack1-h1 or localhost,"
                                        + " and there is no room for dynamic nodes (MaxNodeCount)"));
    }

    @Test
    void aHostThatIsSeveralNodesHasToBeToldWhich() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> LocalNode.find(conf("NodeName=n[1-9] NodeHostname=h1"), "h1", List.of()))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NODE_UNKNOWN))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo(
                                "9 nodes have the NodeHostname h1, the option nodename has to say which: n1 n2 n3 n4"));
    }

    @Test
    void aStrangeHostnameIsNoNode() throws Exception {
        SlurmConf conf = conf("MaxNodeCount=9\nNodeName=n1");
        for (String strange : List.of("", "(none)", ".", "x".repeat(65), "a/../b")) {
            assertThatExceptionOfType(NodeFaultException.class)
                    .isThrownBy(() -> LocalNode.find(conf, strange, List.of()));
        }
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
    void onlyTheFirstOfEachIsExpanded(String spoolDir, String expanded) throws NodeFaultException {
        assertThat(new LocalNode(new NodeName("n1"), "h1").expand(spoolDir)).isEqualTo(Path.of(expanded));
    }

    @Test
    void whatIsNoPathIsAFaultOfTheNode() {
        assertThatExceptionOfType(NodeFaultException.class)
                .isThrownBy(() -> new LocalNode(new NodeName("n1"), "a\0b").expand("/var/%h"))
                .returns(Reason.SPOOL_UNREADABLE, NodeFaultException::reason);
    }

    private static SlurmConf conf(String text) throws SlurmConfException {
        return new SlurmConfReader(file -> "ClusterName=t\n" + text, name -> Optional.empty())
                .read(Path.of("/etc/slurm/slurm.conf"));
    }
}
