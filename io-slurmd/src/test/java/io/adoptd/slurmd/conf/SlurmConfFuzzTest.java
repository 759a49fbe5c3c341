package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.model.Uid;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that somebody else writes, is still writing, or did not mean to be a slurm.conf. */
class SlurmConfFuzzTest {

    private static final Path MAIN = Path.of("/etc/slurm/slurm.conf");

    /** Bytes for the names of one expression, which may stand for more than it is long. */
    private static final long NAMES = 32 << 20;

    /** One input holds several files, each ended by a record separator: the slurm.conf, then what it may include. */
    @MethodSource("confs")
    @DictionaryEntries({
        "ClusterName=",
        "NodeName=",
        "DEFAULT",
        "NodeHostname=",
        "NodeAddr=",
        "Port=",
        "SlurmdSpoolDir=/",
        "%h",
        "%n",
        "SlurmUser=",
        "AuthInfo=",
        "socket=",
        "ttl=",
        "MaxNodeCount=",
        "include ",
        "%c",
        "[1-2]",
        "\\\\\\x0a",
        "\\x0a",
        "\\x1e",
        "\\\""
    })
    @FuzzTest
    void anyTextIsASlurmConfOrIsRefused(byte[] bytes) {
        List<String> files = List.of(Hostile.text(bytes).split("\u001e", -1));
        Hostile.allocatesAtMost(8 * NAMES, () -> read(files));
    }

    @MethodSource("lists")
    @DictionaryEntries({"[1-9]", "[0001-3]", "[ 1,2]", "-65536", ",", "[", "]"})
    @FuzzTest
    void anyTextIsAHostListOrIsRefused(byte[] bytes) {
        String text = Hostile.text(bytes);
        Hostile.allocatesAtMost(NAMES, () -> {
            try {
                assertThat(HostList.expand(text).size()).isLessThanOrEqualTo(HostList.MAX_NAMES);
            } catch (IllegalArgumentException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        });
    }

    static Stream<byte[]> confs() {
        return Hostile.texts(
                """
                ClusterName=Alpha # the first
                SlurmctldHost=ctl
                SlurmUser=slurm
                SlurmdUser=0
                SlurmdPort=7000
                SlurmdSpoolDir=/var/spool/%h/slurmd.%n
                AuthType=auth/slurm
                AuthInfo=socket=/run/munge/s,ttl=60
                NodeName=DEFAULT Port=[7000-7001]
                NodeName=c[1-2] NodeHostname=localhost NodeAddr=10.0.0.[1-2] Port=7000 \\
                    CPUs=64 Gres="gpu:1,bandwidth:2g"
                """,
                "ClusterName=a\ninclude 1\nInclude /etc/slurm/%c/2\n\u001eSlurmdPort=1\n\u001eNodeName=c1 X=\\#\\\\",
                "ClusterName=a\ninclude 0\nMaxNodeCount=7\n",
                "ClusterName=a\nSlurmdSpoolDir=/s/%h\nNodeName=c1 NodeHostname=\u00e9\u0000 Port=6818");
    }

    static Stream<byte[]> lists() {
        return Hostile.texts("a,n[01-3]", "r[1-2]n[ 1,3-4]-ib x", "[7000-7002]");
    }

    private static void read(List<String> files) {
        var reader = new SlurmConfReader(file -> included(files, file), SlurmConfFuzzTest::uidOf);
        try {
            SlurmConf conf = reader.read(MAIN);
            assertThat(conf.slurmdPort()).isBetween(1, 65_535);
            assertThat(conf.nodes().size()).isLessThanOrEqualTo(SlurmConfReader.MAX_NODES);
            assertThat(conf.nodes()).allSatisfy(node -> assertThat(node.port()).isBetween(1, 65_535));
            assertThat(conf.nodes()).extracting(SlurmNode::name).doesNotHaveDuplicates();
            assertThat(LocalNode.find(conf, "c1.cluster", List.of("c1-ib", "10.0.0.1"))
                            .expand(conf.slurmdSpoolDir()))
                    .isAbsolute();
        } catch (NodeFaultException refused) {
            assertThat(refused.why()).isNotEmpty();
        }
    }

    /** The file whose name is its place. */
    private static String included(List<String> files, Path file) throws NoSuchFileException {
        String name = String.valueOf(file.getFileName());
        int at = file.equals(MAIN) ? 0 : name.length() == 1 ? name.charAt(0) - '0' : -1;
        if (at < 0 || at >= files.size()) {
            throw new NoSuchFileException(name);
        }
        return files.get(at);
    }

    private static Optional<Uid> uidOf(String name) {
        return name.equals("slurm") ? Optional.of(new Uid(64_030)) : Optional.empty();
    }
}
