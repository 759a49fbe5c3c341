package io.adoptd.bench;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.bench.sim.SimulatedStepds.Manner;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.pipeline.model.Uid;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a login costs the daemon's own threads: bytes allocated and system calls, counted, so that no other work on the
 * machine tells. A budget is a quarter more than was counted when it was set; a change that needs more has to say why it
 * is worth it.
 */
class LoginCostIT {

    private static final int WARMUP = 300;
    private static final int LOGINS = 200;
    private static final Pattern DAEMONS = Pattern.compile("(adoptd-epoll|spool|proc)-\\d+");
    private static final Pattern TOTAL = Pattern.compile("100\\.00\\s+\\S+\\s+\\d*\\s+(\\d+)\\s+.*total");

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path dir;

    @SuppressWarnings("NullAway.Init")
    private SimulatedNode node;

    @BeforeEach
    void start() throws Exception {
        node = new SimulatedNode();
        node.stepds().run(11, new Uid(2001), Manner.HONEST);
        node.stepds().run(30, new Uid(2003), Manner.HONEST);
        node.stepds().run(SimulatedNode.SOURCE_JOB, new Uid(2003), Manner.HONEST);
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    @ParameterizedTest
    @CsvSource({"ONE_JOB, 89000", "NO_JOB, 52000", "SEVERAL_REFUSED, 112000"})
    void aLoginAllocatesNoMoreThanItsBudget(LoginKind kind, long budget) throws Exception {
        logIn(kind, WARMUP);
        Map<Long, Long> before = allocated();
        logIn(kind, LOGINS);
        long each = since(before) / LOGINS;
        System.out.println("a login of " + kind + " allocates " + each + " bytes");
        assertThat(each).as("bytes a login of %s", kind).isBetween(1_000L, budget);
    }

    @ParameterizedTest
    @CsvSource({"ONE_JOB, 70", "NO_JOB, 39", "SEVERAL_REFUSED, 97"})
    void aLoginMakesNoMoreSystemCallsThanItsBudget(LoginKind kind, long budget) throws Exception {
        logIn(kind, WARMUP);
        Path told = dir.resolve("strace");
        Process strace = straced(told);
        try {
            logIn(kind, LOGINS);
        } finally {
            strace.destroy(); // SIGTERM: it lets go, and writes what it has counted
            assertThat(strace.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
        Matcher total = TOTAL.matcher(Files.readString(told));
        assertThat(total.find()).as(Files.readString(told)).isTrue();
        long each = Long.parseLong(total.group(1)) / LOGINS;
        System.out.println("a login of " + kind + " makes " + each + " system calls");
        assertThat(each).as("system calls a login of %s", kind).isBetween(10L, budget);
    }

    private void logIn(LoginKind kind, int times) throws Exception {
        GatewayClient client = node.client();
        byte[] frame = kind.frame();
        for (int i = 0; i < times; i++) {
            assertThat(client.ask(frame)).isInstanceOf(Reply.VerdictReply.class);
        }
    }

    /** Bytes by the daemon's threads, those of the test before perhaps, which are about to end. */
    private Map<Long, Long> allocated() {
        Map<Long, Long> daemons = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> DAEMONS.matcher(thread.getName()).matches())
                .collect(toMap(Thread::getId, thread -> threads.getThreadAllocatedBytes(thread.getId())));
        assertThat(daemons).hasSizeGreaterThanOrEqualTo(3);
        return daemons;
    }

    /** What those allocated since then that are still there. */
    private long since(Map<Long, Long> before) {
        return allocated().entrySet().stream()
                .mapToLong(now -> now.getValue() - before.getOrDefault(now.getKey(), 0L))
                .sum();
    }

    /** Counts the calls of the daemon's threads, once it is there. */
    private Process straced(Path told) throws Exception {
        var command = new ArrayList<String>(List.of("strace", "-c", "-o", told.toString()));
        for (String tid : daemonTids()) {
            command.addAll(List.of("-p", tid));
        }
        Process strace;
        try {
            strace = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("strace.log").toFile())
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "no strace here: " + e.getMessage());
            throw e;
        }
        strace.waitFor(1, TimeUnit.SECONDS);
        assumeTrue(strace.isAlive(), "strace may not look here: " + Files.readString(dir.resolve("strace.log")));
        return strace;
    }

    private static List<String> daemonTids() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(task -> DAEMONS.matcher(comm(task)).matches())
                    .map(task -> task.getFileName().toString())
                    .toList();
        }
    }

    private static String comm(Path task) {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (IOException ended) {
            return "";
        }
    }
}
