package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import io.adoptd.pipeline.policy.Inheritance;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts below /proc of which somebody chooses a part: a process its name, a user a cgroup's, a container its host's. */
class ProcFuzzTest {

    private static final String STAT =
            "4242 (sshd) S 4190 4242 4242 0 -1 4194560 873 0 0 0 1 2 0 0 20 0 1 0 5038172 15458304\n";

    private static final Inheritance LISTED = new Inheritance(List.of("SLURM_*", "OMP_*"), List.of());

    @MethodSource("texts")
    @DictionaryEntries({
        "Uid:\\x09",
        "\\x090\\x090\\x09",
        "\\x0d",
        "\\xe2\\x80\\xa8",
        ") ",
        " (",
        " (deleted)",
        "0::/",
        "\\x0a"
    })
    @FuzzTest
    void anyTextIsReadOrRefused(byte[] bytes) {
        String text = Hostile.text(bytes);
        Hostile.readsCheaply(bytes, () -> {
            readStat(text);
            readStatus(text);
            readCgroup(text);
            readHostname(text);
            readLimits(text);
            readEnviron(bytes);
        });
    }

    static Stream<byte[]> texts() {
        return Hostile.texts(
                STAT,
                STAT.replace("sshd", "x) R 1 (y"),
                "6:freezer:/slurm_c1/uid_2001/job_4/step_extern\n2:cpu,cpuacct:/\n1:name=systemd:/a:b (deleted)\n0::/x\n",
                "0::/system.slice/slurmstepd.scope/job_4/step_extern/user\n",
                "Name:\tsu\nUmask:\t0022\nUid:\t2001\t0\t0\t0\nGid:\t1\t1\t1\t1\n",
                "Name:\t\rUid:\t0\t0\t\nUid:\t2001\t2001\t2001\t2001\n",
                "c1.cluster-2_b\n",
                "Limit    Soft Limit  Hard Limit  Units \nMax stack size   8388608    unlimited   bytes  \n",
                "SLURM_JOB_ID=7\0SLURM_NODEID=0\0SLURM_JWT=x\0OMP_NUM_THREADS=1\0OMP_NUM_THREADS=2\0PATH=/usr/bin:/bin\0EMPTY=\0BASH_FUNC_x%%=() {  :\n}\0word\0é=ü");
    }

    private static void readStat(String text) {
        try {
            ProcStat stat = ProcStat.parse(text);
            assertThat(stat.pid()).isNotNegative();
            assertThat(stat.parent()).isNotNegative();
            assertThat(stat.startTicks()).isNotNegative();
            assertThat(text).contains(" (" + stat.comm() + ") " + stat.state() + " ");
        } catch (ProcException refused) {
            assertThat(refused).hasMessageStartingWith("stat: ");
        }
    }

    /** The uids are those of the first line that begins like theirs; only a newline ends a line. */
    private static void readStatus(String text) {
        try {
            ProcStatus status = ProcStatus.parse(text);
            String line = Arrays.stream(text.split("\n", -1))
                    .filter(each -> each.matches("(?s)Uid:\t[0-9]{1,10}\t[0-9]{1,10}\t.*"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no line Uid in it"));
            String[] uids = line.split("\t", 4);
            assertThat(status).isEqualTo(new ProcStatus(Long.parseLong(uids[1]), Long.parseLong(uids[2])));
        } catch (ProcException refused) {
            assertThat(refused).hasMessageStartingWith("status: ");
        }
    }

    /** What can be read is written again as it was, but for zeros before a number. */
    private static void readCgroup(String text) {
        try {
            ProcCgroup cgroup = ProcCgroup.parse(text);
            String written = cgroup.lines().stream().map(line -> line + "\n").collect(Collectors.joining());
            assertThat(written).isEqualTo(text.replaceAll("(?<![^\n])0+(?=[0-9])", ""));
        } catch (ProcException refused) {
            assertThat(refused).hasMessageStartingWith("cgroup: ");
        }
    }

    private static void readHostname(String text) {
        try {
            String name = Hostname.parse(text);
            assertThat(name + "\n").isEqualTo(text);
            assertThat(name).hasSizeBetween(1, 64).matches("[\\x21-\\x7e]+");
        } catch (ProcException refused) {
            assertThat(refused).hasMessageStartingWith("hostname: ");
        }
    }

    private static void readLimits(String text) {
        try {
            assertThat(ProcLimits.parse(text).limits()).isNotEmpty();
        } catch (ProcException refused) {
            assertThat(refused).hasMessageStartingWith("limits: ");
        }
    }

    /** Every variable stands there, with its end, in this order; and few of them are for a session. */
    private static void readEnviron(byte[] bytes) {
        String block = "\0" + new String(bytes, StandardCharsets.ISO_8859_1) + "\0";
        List<String> variables = ProcEnviron.parse(bytes).variables();
        int at = 0;
        for (String variable : variables) {
            assertThat(variable.indexOf('=')).isPositive();
            String raw = new String(variable.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            int found = block.indexOf("\0" + raw + "\0", at);
            assertThat(found).isNotNegative();
            at = found + 1;
        }
        assertThat(LISTED.variablesFrom(variables)).hasSizeLessThanOrEqualTo(60).allSatisfy((name, value) -> {
            assertThat(name).matches("(SLURM_|OMP_)[A-Z0-9_]*").doesNotMatch("SLURM_(JWT|CONF.*|JOB_ID)");
            assertThat(value).doesNotContainPattern("[\\x00-\\x1f\\x7f-\\x9f]").hasSizeLessThan(1_024);
            assertThat(variables).contains(name + "=" + value);
        });
    }
}
