package io.adoptd.slurmd.conf;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlurmConfReaderTest {

    private static final Path MAIN = Path.of("/etc/slurm/slurm.conf");

    private final Map<Path, String> texts = new HashMap<>();
    private final Map<String, Uid> users = Map.of("slurm", new Uid(64_030), "root", new Uid(0));

    @Test
    void whatIsNotSaidIsSlurmsDefault() throws Exception {
        assertThat(read("ClusterName=t"))
                .isEqualTo(new SlurmConf(
                        MAIN,
                        "t",
                        6818,
                        "/var/spool/slurmd",
                        new Uid(0),
                        new Uid(0),
                        "auth/munge",
                        AuthInfo.DEFAULT,
                        0,
                        List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "AuthInfo=/run/other/munge.socket          | /run/other/munge.socket | 0",
                "AuthInfo=\"/run/other/munge.socket\"      | /run/other/munge.socket | 0",
                "AuthInfo=socket=/run/m,ttl=60s            | /run/m                  | 60",
                "AuthInfo=\"socket=/run/m m,ttl=60\"       | /run/m m                | 60",
                "AuthInfo=\"\"                             | none                    | 0",
                "AuthInfo = ttl=soon                       | none                    | 0",
                "AuthInfo=ttl=-1,socket=                   | none                    | 0",
                "AuthInfo=use_client_ids                   | none                    | 0",
                "AuthInfo=disable_sack,use_client_ids      | none                    | 0",
                "AuthInfo=cred_expire=2,what=ever,,=,ttl=7 | none                    | 7"
            })
    void anyAuthInfoIsReadAsSlurmReadsIt(String line, String socket, int ttl) throws Exception {
        assertThat(read("ClusterName=t\n" + line).authInfo()).isEqualTo(new AuthInfo(socket, ttl));
    }

    @Test
    void readsWhatAdoptdNeeds() throws Exception {
        SlurmConf conf = read("""
                ClusterName=Alpha
                SlurmctldHost=ctl
                SlurmUser=slurm
                SlurmdUser=0
                SlurmdPort=7000
                SlurmdSpoolDir=/var/spool/slurmd.%n
                AuthType=auth/slurm
                AuthInfo=socket=/run/munge/s,ttl=60,cred_expire=120
                MaxNodeCount=500
                NodeName=c[1-2] CPUs=64 Gres="gpu:1,bandwidth:2g" State=UNKNOWN
                PartitionName=all Nodes=ALL Default=YES
                """);
        assertThat(conf)
                .isEqualTo(new SlurmConf(
                        MAIN,
                        "Alpha",
                        7000,
                        "/var/spool/slurmd.%n",
                        new Uid(64_030),
                        new Uid(0),
                        "auth/slurm",
                        new AuthInfo("/run/munge/s", 60),
                        500,
                        List.of(node("c1", "c1", "c1", 7000), node("c2", "c2", "c2", 7000))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SlurmdPort=7000",
                "slurmdport=7000",
                "SLURMDPORT=7000",
                "  SlurmdPort=7000",
                "\tSlurmdPort = 7000  ",
                "SlurmdPort  =7000",
                "SlurmdPort=  \"7000\"",
                "SlurmdPort=7000 # what slurmd listens on",
                "SlurmdPort=7000\r",
                "SlurmdPort+=7000",
                "SlurmdPort-=7000",
                "SlurmdPort*=7000",
                "SlurmdPort/=7000",
                "SlurmdPort=\\\n7000",
                "SlurmdPort=70\\\n00",
                "SlurmdPort=1\nSlurmdPort=7000",
            })
    void aKeyMayBeWrittenAs(String text) throws Exception {
        assertThat(read(text).slurmdPort()).isEqualTo(7000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SlurmdSpoolDir=\"/var/spool/with blank\" | /var/spool/with blank",
                "SlurmdSpoolDir=/var/sp\\#ool             | /var/sp#ool",
                "SlurmdSpoolDir=/a\"b                     | /a\"b",
            })
    void aValueIsAQuotedStringOrARunWithoutBlanks(String text, String value) throws Exception {
        assertThat(read(text).slurmdSpoolDir()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "KeyOfTomorrow=1",
                "KeyOfTomorrow=1 Other=2",
                "KeyOfTomorrow=1 whatever this is",
                "KeyOfTomorrow=",
                "KeyOfTomorrow=\"open",
                "Key.Of_Tomorrow=x",
                "SchedulerType=sched/backfill",
                "Include=not/an/include",
            })
    void anUnknownKeyIsPassedOver(String text) throws Exception {
        assertThat(read(text + "\nSlurmdPort=7000").slurmdPort()).isEqualTo(7000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "word                        | not key=value",
                "Slurmd-Port=1               | not key=value",
                "=1                          | not key=value",
                "SlurmdPort=                 | not key=value",
                "SlurmdPort=\"7000           | not a port: \"7000",
                "SlurmdPort=\"7000\"0        | not a port: \"7000\"0",
                "SlurmdPort + = 7000         | not key=value",
                "SlurmdPort=\"70 00          | not key=value",
                "MaxNodeCount=-1             | not a number: -1",
                "MaxNodeCount=99999999999    | not a number: 99999999999",
                "SlurmdPort=7000 0           | not key=value",
                "SlurmdPort=7000 SlurmUser=0 | more than one key",
                "SlurmdPort=many             | not a port: many",
                "SlurmdPort=0                | not a port: 0",
                "SlurmdPort=65536            | not a port: 65536",
                "SlurmdPort=-1               | not a port: -1",
                "SlurmdPort=+1               | not a port: +1",
                "SlurmdPort=99999999999      | not a port: 99999999999",
                "SlurmUser=4294967295        | not a uid",
                "SlurmUser=99999999999999999999 | not a uid",
                "SlurmUser=\"\"              | no value",
                "SlurmdSpoolDir=spool        | not an absolute path",
                "NodeName=c1 word            | not key=value",
                "NodeName=c1 CPUs=\"1 2      | not key=value",
                "NodeName=c1 NodeName=c2     | more than one NodeName",
                "NodeName=all                | ALL is no NodeName",
                "NodeName=c[1-              | NodeName: unclosed [",
                "NodeName=\"\"               | NodeName names nothing",
                "NodeName=c_[1-2]/           | not a NodeName",
                "NodeName=c[1-3] NodeHostname=h[1-2] | 2 in NodeHostname for 3 nodes",
                "NodeName=c[1-3] NodeAddr=a[1-4]     | 4 in NodeAddr for 3 nodes",
                "NodeName=c[1-3] Port=[1-2]          | 2 in Port for 3 nodes",
                "NodeName=c1 Port=x                  | Port: not a range: [x]",
                "NodeName=c1 NodeHostname=\"\"       | NodeHostname names nothing",
                "NodeName=c1,c1                      | NodeName c1 for the second time",
                "NodeName=DEFAULT NodeHostname=h     | no NodeHostname or NodeAddr for DEFAULT",
                "NodeName=DEFAULT NodeAddr=h         | no NodeHostname or NodeAddr for DEFAULT",
                "Include                             | not key=value",
                "Include a.conf b.conf               | not key=value",
                "Includea.conf                       | not key=value",
                "Include %c.conf                     | %c before any ClusterName",
            })
    void anErrorNamesFileLineAndText(String text, String why) {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("ControlMachine=x\n" + text))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NO_SLURM_CONF))
                .satisfies(e -> assertThat(e.why())
                        .startsWith("/etc/slurm/slurm.conf:2: " + why)
                        .endsWith(", in \"" + text + "\""));
    }

    @Test
    void theTextInAnErrorIsShortened() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("x".repeat(5000)))
                .satisfies(e -> assertThat(e.why()).hasSizeLessThan(250).endsWith("…\""));
    }

    @Test
    void aBlankBeforeIncludeMakesItNone() {
        texts.put(Path.of("/etc/slurm/more.conf"), "SlurmdPort=7000");
        assertThatExceptionOfType(SlurmConfException.class).isThrownBy(() -> read(" Include more.conf"));
    }

    @Test
    void anUnknownUserIsNobody() throws Exception {
        SlurmConf conf = read("SlurmUser=gone\nSlurmdUser=slurm");
        assertThat(conf.slurmUser()).isNull();
        assertThat(conf.daemonUsers()).containsExactly(new Uid(64_030));
        assertThat(conf.hasUnknownUser()).isTrue();
        assertThat(read("SlurmUser=slurm").hasUnknownUser()).isFalse();
    }

    // Nodes

    @Test
    void aNodeLineMayGiveHostnamesAddressesAndPorts() throws Exception {
        assertThat(read("NodeName=c[1-2] NodeHostname=h[1-2] NodeAddr=10.0.0.[1-2] Port=[7001-7002]")
                        .nodes())
                .containsExactly(node("c1", "h1", "10.0.0.1", 7001), node("c2", "h2", "10.0.0.2", 7002));
    }

    @Test
    void oneHostnameAddressOrPortIsForAllNodes() throws Exception {
        assertThat(read("nodename=c[1-2] nodehostname=h nodeaddr=10.0.0.1 port=7001")
                        .nodes())
                .containsExactly(node("c1", "h", "10.0.0.1", 7001), node("c2", "h", "10.0.0.1", 7001));
    }

    @Test
    void theAddressIsTheHostnameWhereNoneIsGiven() throws Exception {
        assertThat(read("NodeName=c1 NodeHostname=h1").nodes()).containsExactly(node("c1", "h1", "h1", 6818));
    }

    @Test
    void thePortIsSlurmdPortEvenIfThatStandsBelow() throws Exception {
        assertThat(read("NodeName=c1\nSlurmdPort=7000").nodes()).containsExactly(node("c1", "c1", "c1", 7000));
    }

    @Test
    void defaultIsForTheLinesBelowIt() throws Exception {
        assertThat(read("""
                                NodeName=c1
                                NodeName=DEFAULT Port=7001 CPUs=4
                                NodeName=c2
                                NodeName=c3 Port=7003
                                NodeName=default RealMemory=1
                                NodeName=c4
                                """).nodes())
                .containsExactly(
                        node("c1", "c1", "c1", 6818),
                        node("c2", "c2", "c2", 7001),
                        node("c3", "c3", "c3", 7003),
                        node("c4", "c4", "c4", 7001));
    }

    @Test
    void portsNeedNoBrackets() throws Exception {
        assertThat(read("NodeName=c[1-3] Port=7001-7002,7010").nodes())
                .extracting(SlurmNode::port)
                .containsExactly(7001, 7002, 7010);
    }

    @Test
    void anEmptyPortIsSlurmdPort() throws Exception {
        assertThat(read("NodeName=DEFAULT Port=7001\nNodeName=c1 Port=\"\"").nodes())
                .containsExactly(node("c1", "c1", "c1", 6818));
    }

    @Test
    void withoutAClusterNameItIsNotAllThere() {
        for (String text : List.of("", "\n", "SlurmdPort=7000\nNodeName=c1", "# ClusterName=t")) {
            texts.put(MAIN, text);
            assertThatExceptionOfType(SlurmConfException.class)
                    .isThrownBy(() -> new SlurmConfReader(this::text, name -> Optional.empty()).read(MAIN))
                    .satisfies(e -> assertThat(e.why()).startsWith("/etc/slurm/slurm.conf: no ClusterName"))
                    .satisfies(e -> assertThat(e.isLasting()).isTrue());
        }
    }

    @Test
    void oneNodeStandsOnOneLineOnly() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("NodeName=c[1-3]\nNodeName=c2"))
                .satisfies(e -> assertThat(e.why()).contains("slurm.conf:2: NodeName c2 for the second time"));
    }

    @Test
    void theNumberOfNodesIsBounded() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("NodeName=a[0-65535]\nNodeName=b"))
                .satisfies(e -> assertThat(e.why()).contains("more than 65536 nodes"));
    }

    // Include

    @Test
    void anIncludeIsReadWhereItStands() throws Exception {
        texts.put(Path.of("/etc/slurm/more.conf"), "SlurmdPort=7001\nSlurmUser=slurm");
        assertThat(read("SlurmdPort=7000\nInclude more.conf\n").slurmdPort()).isEqualTo(7001);
        assertThat(read("include   more.conf  # c\nSlurmdPort=7000").slurmdPort())
                .isEqualTo(7000);
    }

    @Test
    void anIncludeIsRelativeToTheMainFileOrAbsolute() throws Exception {
        texts.put(Path.of("/etc/slurm/d/a.conf"), "INCLUDE d/b.conf");
        texts.put(Path.of("/etc/slurm/d/b.conf"), "Include /opt/c.conf");
        texts.put(Path.of("/opt/c.conf"), "SlurmdPort=7000");
        assertThat(read("Include d/a.conf").slurmdPort()).isEqualTo(7000);
    }

    @Test
    void besideTheFileItStandsInAnIncludeIsLookedForLast() throws Exception {
        texts.put(Path.of("/etc/slurm/d/a.conf"), "Include b.conf");
        texts.put(Path.of("/etc/slurm/d/b.conf"), "SlurmdPort=7001");
        assertThat(read("Include d/a.conf").slurmdPort()).isEqualTo(7001);
        texts.put(Path.of("/etc/slurm/b.conf"), "SlurmdPort=7002");
        assertThat(read("Include d/a.conf").slurmdPort()).isEqualTo(7002);
    }

    @Test
    void percentCIsTheClusterInLowerCase() throws Exception {
        texts.put(Path.of("/etc/slurm/alpha/nodes.alpha"), "NodeName=c1");
        assertThat(read("ClusterName=Alpha\nInclude %c/nodes.%c").nodes()).hasSize(1);
    }

    @Test
    void aMissingIncludeIsNamed() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("Include more.conf"))
                .satisfies(e -> assertThat(e.why()).isEqualTo("/etc/slurm/more.conf: no such file"));
    }

    @Test
    void anErrorInAnIncludeNamesTheInclude() {
        texts.put(Path.of("/etc/slurm/more.conf"), "\n\nword");
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("Include more.conf"))
                .satisfies(e -> assertThat(e.why()).startsWith("/etc/slurm/more.conf:3: "));
    }

    @Test
    void includesThatIncludeEachOtherEnd() {
        texts.put(Path.of("/etc/slurm/a.conf"), "Include b.conf");
        texts.put(Path.of("/etc/slurm/b.conf"), "Include a.conf");
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("Include a.conf"))
                .satisfies(e -> assertThat(e.why()).contains("more than 10 includes in each other"));
    }

    @Test
    void tenIncludesInEachOtherAreRead() throws Exception {
        IntStream.range(1, 10).forEach(n -> texts.put(Path.of("/etc/slurm/" + n), "Include " + (n + 1)));
        texts.put(Path.of("/etc/slurm/10"), "SlurmdPort=7000");
        assertThat(read("Include 1").slurmdPort()).isEqualTo(7000);
    }

    @Test
    void theTextOfAllFilesIsBounded() {
        texts.put(Path.of("/etc/slurm/big"), "#".repeat(SlurmConfReader.MAX_TEXT / 2));
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("Include big\nInclude big\n"))
                .satisfies(e -> assertThat(e.why()).contains("more than 4194304 characters"));
    }

    @Test
    void theNumberOfLinesIsBounded() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("A=1\n".repeat(SlurmConfReader.MAX_LINES + 1)))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo("/etc/slurm/slurm.conf: more than 50000 lines with its includes"));
    }

    /** Each is small and would stand for much: the daemon's heap is 32 MiB, and without any it ends. */
    @ParameterizedTest
    @MethodSource("bombs")
    void whatStandsForMuchIsRefusedBeforeItIsMade(String text) {
        Hostile.allocatesAtMost(
                48 << 20,
                () -> assertThatExceptionOfType(SlurmConfException.class)
                        .isThrownBy(() -> read(text))
                        .satisfies(e -> assertThat(e.why()).hasSizeLessThan(300)));
    }

    static Stream<String> bombs() {
        return Stream.of(
                "NodeName=" + "x".repeat(10_000) + "[1-65536]",
                "NodeName=c[1-65536] NodeAddr=" + "x".repeat(1_000) + "[1-65536]",
                IntStream.range(0, 65)
                        .mapToObj(n -> "NodeName=c" + n + "_[1-1000] NodeHostname=" + "x".repeat(2_000) + "[1-1000]\n")
                        .collect(joining()),
                "NodeName=n[1-60000]" + "[1]".repeat(10_000),
                "NodeName=" + "[1]".repeat(200_000),
                "NodeName=a[" + "1,".repeat(300_000) + "1]",
                "NodeName=" + "a,".repeat(300_000),
                "NodeName=c1" + " a=b".repeat(200_000),
                "SlurmdPort=" + "1".repeat(200_000),
                "a\n".repeat(500_000));
    }

    @Test
    void aFileWithANulIsNoText() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> read("SlurmdSpoolDir=/s/%h\nNodeName=c1 NodeHostname=a\0b\n"))
                .satisfies(e -> assertThat(e.why())
                        .isEqualTo("/etc/slurm/slurm.conf: a NUL in it: no text, or one half-written"));
    }

    @Test
    void whatCannotBeReadIsSaid() {
        assertThatExceptionOfType(SlurmConfException.class)
                .isThrownBy(() -> new SlurmConfReader(
                                file -> {
                                    throw new IOException("disk on fire");
                                },
                                name -> Optional.empty())
                        .read(MAIN))
                .satisfies(e -> assertThat(e.why())
                        .startsWith("/etc/slurm/slurm.conf: ")
                        .contains("disk on fire"));
    }

    /** Whatever stands in it, reading ends, and ends with a conf or with a place in the file. */
    @Test
    void everyCutAndEveryChangedByteIsReadOrRefused() throws Exception {
        String text =
                "ClusterName=a\\\nb\nSlurmdPort = 7000 # p\nNodeName=c[1-2],d Port=[1-3] F=\"x y\"\nAuthInfo=ttl=5\n";
        var variants = new ArrayList<String>();
        for (int at = 0; at < text.length(); at++) {
            variants.add(text.substring(0, at));
            for (char c : "\\#\"=[],\n \0%é".toCharArray()) {
                variants.add(text.substring(0, at) + c + text.substring(at + 1));
            }
        }
        for (String variant : variants) {
            try {
                assertThat(read(variant).nodes()).hasSizeLessThan(65_537);
            } catch (SlurmConfException e) {
                assertThat(e.why()).startsWith("/etc/slurm/slurm.conf");
            }
        }
    }

    private static SlurmNode node(String name, String hostname, String address, int port) {
        return new SlurmNode(new NodeName(name), hostname, address, port);
    }

    /** With a ClusterName, which no slurm.conf is without, at its end, where it moves no line. */
    private SlurmConf read(String text) throws SlurmConfException {
        texts.put(MAIN, text.contains("ClusterName") ? text : text + "\nClusterName=t");
        return new SlurmConfReader(this::text, name -> Optional.ofNullable(users.get(name))).read(MAIN);
    }

    private String text(Path file) throws IOException {
        String text = texts.get(file);
        if (text == null) {
            throw new NoSuchFileException(file.toString());
        }
        return text;
    }
}
