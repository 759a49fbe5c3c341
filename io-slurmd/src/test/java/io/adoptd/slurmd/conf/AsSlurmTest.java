package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.slurmd.conf.SlurmTables.NodeCase;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which node a host is and where its spool directory is, as bench/lab/conf-check has seen it of Slurm. */
class AsSlurmTest {

    private static final String REFUSED = "refused";

    @ParameterizedTest
    @MethodSource("nodes")
    void looksWhereSlurmDoesOrWhereTheTableSaysWhyNot(NodeCase one) {
        assertThat(place(one)).isEqualTo(one.expected());
    }

    static List<NodeCase> nodes() {
        return SlurmTables.nodes();
    }

    private static String place(NodeCase one) {
        var nodes = new LocalNodes(one::host, one.nodename(), one::namesOf, Runnable::run, () -> 0);
        try {
            SlurmConf conf = new SlurmConfReader(one, user -> Optional.empty()).read(NodeCase.MAIN);
            return nodes.find(conf, null).expand(conf.slurmdSpoolDir()).toString();
        } catch (NodeFaultException e) {
            assertThat(e.why()).isNotEmpty();
            return REFUSED;
        }
    }
}
