package io.adoptd.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** An adoptd.conf that somebody is still writing. */
class GatewayConfigFuzzTest {

    @MethodSource("confs")
    @DictionaryEntries({
        "include ",
        "file(",
        "required(",
        "classpath(",
        "url(",
        "${",
        "${?",
        "}",
        "[",
        "\\\"\\\"\\\"",
        "+=",
        "login.deadline",
        "steps.timeout",
        "callerid.connect",
        "logins.max",
        "socket",
        "slurm.conf",
        "log.level",
        "session.variables",
        "session.limits",
        "ms",
        "1e9"
    })
    @FuzzTest
    void anyTextIsAConfigurationOrIsRefused(byte[] bytes) {
        String text = Hostile.text(bytes);
        // the library takes two megabytes for a dozen words
        Hostile.allocatesAtMost((8L << 20) + 16_384L * bytes.length, () -> {
            try {
                GatewayConfig config = GatewayConfigReader.parse("x.conf", text);
                assertThat(config.socket()).isAbsolute();
                assertThat(config.loginDeadline()).isPositive();
                assertThat(config.maxLogins()).isBetween(1, 65_536);
            } catch (ConfigException refused) {
                assertThat(refused.faults()).isNotEmpty();
            }
        });
    }

    static Stream<byte[]> confs() {
        return Hostile.texts("""
                # a comment
                socket = /run/other/g.sock
                login { deadline = 2.5s }
                steps.timeout : 400ms, callerid.timeout = 1 second
                "adopt"."timeout" = \"\"\"700 ms\"\"\"
                logins.max = 64
                slurm.conf = /opt/slurm/etc/slurm.conf
                log.level = debug
                session { variables = ["SLURM_*", CUDA_VISIBLE_DEVICES], limits = [nofile, memlock] }
                """, "include \"other.conf\"\na = [${HOME}, ${?b}, null, 1e3, true]\na += {}\n");
    }
}
