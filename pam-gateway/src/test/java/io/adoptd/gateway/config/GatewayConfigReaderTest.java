package io.adoptd.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.adoptd.pipeline.policy.Inheritance;
import io.adoptd.pipeline.time.Slices;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayConfigReaderTest {

    @Test
    void anEmptyFileIsTheDefaults() throws ConfigException {
        assertThat(parse(""))
                .isEqualTo(new GatewayConfig(
                        Path.of("/run/adoptd/gateway.sock"),
                        Duration.ofSeconds(8),
                        Slices.DEFAULT,
                        Duration.ofMillis(300),
                        1_024,
                        null,
                        Inheritance.NOTHING,
                        Level.INFO));
    }

    @Test
    void everyKeyIsRead() throws ConfigException {
        assertThat(parse("""
                        # a comment
                        socket = /run/other/g.sock
                        login.deadline = 2.5s
                        steps.timeout = 400ms
                        callerid.connect = 600ms
                        callerid.timeout = 1 second
                        adopt.timeout = 700 ms
                        membership.timeout = 100ms
                        settings.timeout = 90ms
                        steps.starting = 0ms
                        logins.max = 64
                        slurm.conf = /opt/slurm/etc/slurm.conf
                        session.variables = [SLURM_JOB_NAME, "SLURM_*", CUDA_VISIBLE_DEVICES]
                        session { limits = [
                            memlock
                            nofile
                        ] }
                        log.level = debug
                        """))
                .isEqualTo(new GatewayConfig(
                        Path.of("/run/other/g.sock"),
                        Duration.ofMillis(2_500),
                        new Slices(
                                Duration.ofMillis(400),
                                Duration.ofMillis(600),
                                Duration.ofSeconds(1),
                                Duration.ofMillis(700),
                                Duration.ofMillis(100),
                                Duration.ofMillis(90)),
                        Duration.ZERO,
                        64,
                        Path.of("/opt/slurm/etc/slurm.conf"),
                        new Inheritance(
                                List.of("SLURM_JOB_NAME", "SLURM_*", "CUDA_VISIBLE_DEVICES"),
                                List.of("memlock", "nofile")),
                        Level.DEBUG));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "calerid.timeout = 1s | x.conf: 2: unknown key calerid.timeout: expected one of adopt.timeout, ",
                "callerid.timeout = 800 | x.conf: 2: callerid.timeout = 800: expected a duration with its unit, 10ms to",
                "callerid.timeout = 0ms | x.conf: 2: callerid.timeout = 0ms: expected a duration",
                "callerid.timeout = 2h | x.conf: 2: callerid.timeout = 2h: expected a duration",
                "callerid.timeout = 5x | x.conf: 2: callerid.timeout = 5x: expected a duration",
                "callerid.timeout = -5ms | x.conf: 2: callerid.timeout = -5ms: expected a duration",
                "callerid { timeout = [1] } | x.conf: 2: callerid.timeout = [1]: expected one value",
                "callerid.connect = 0s | x.conf: 2: callerid.connect = 0s: expected a duration",
                "callerid.timeout = 9s | x.conf: callerid.timeout (9000ms): expected at most login.deadline (8000ms)",
                "callerid.connect = 2s | x.conf: callerid.connect + callerid.timeout + adopt.timeout + membership.timeout"
                        + " (8250ms): expected at most login.deadline (8000ms)",
                "login.deadline = 7s | x.conf: callerid.connect + callerid.timeout + adopt.timeout + membership.timeout"
                        + " (7050ms): expected at most login.deadline (7000ms)",
                "socket = run.sock | x.conf: 2: socket = run.sock: expected an absolute path",
                "logins.max = 0 | x.conf: 2: logins.max = 0: expected a whole number, 1 to 65536",
                "session.variables = TMPDIR | x.conf: 2: session.variables = TMPDIR: expected a list, such as [A, B]",
                "session.variables = [[A]] | x.conf: 2: session.variables = [[A]]: expected one value",
                "session.variables = [LD_PRELOAD] | x.conf: 2: session.variables = [LD_PRELOAD]: expected variables that may"
                        + " be listed, which are SLURM_* (what Slurm tells a job of itself), BLIS_NUM_THREADS, ",
                "session.variables = [TMPDIR] | x.conf: 2: session.variables = [TMPDIR]: expected variables that may be",
                "session.variables = [SLURM_CONF] | x.conf: 2: session.variables = [SLURM_CONF]: expected variables that may"
                        + " be listed, which are SLURM_ARRAY_JOB_ID, ",
                "session.variables = [\"*\"] | x.conf: 2: session.variables = [*]: expected names of capital letters,",
                "session.limits = [memlok] | x.conf: 2: session.limits = [memlok]: expected limits out of [as, core, ",
                "session.limits = [fsize] | x.conf: 2: session.limits = [fsize]: expected no fsize: it would hold",
                "session.limit = [core] | x.conf: 2: unknown key session.limit: expected one of ",
                "log.level = chatty | x.conf: 2: log.level = chatty: expected one of [debug, error, info, trace, warn]"
            })
    void aFaultIsToldWithFileLineAndWhatWasExpected(String line, String expected) {
        assertThatThrownBy(() -> parse("\n" + line))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.faults()).singleElement().asString().startsWith(expected.strip()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "socket",
                "= 5",
                "socket = /a\nsocket {",
                "include \"other.conf\"",
                "include file(\"other.conf\")",
                "include required(file(\"other.conf\"))",
                "include classpath(\"other.conf\")",
                "include url(\"file:other.conf\")",
                "log.level = ${HOME}",
                "log.level = \"",
            })
    void whatIsNoConfigurationIsRefusedWithItsPlace(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("x.conf");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{a:", "a."})
    void whatIsNestedWithoutEndIsRefused(String beginning) {
        String text = "a = " + beginning.repeat(GatewayConfigReader.MAX_BYTES / beginning.length() - 4);
        assertThatThrownBy(() -> parse(text)).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> parse(beginning + text)).isInstanceOf(ConfigException.class);
    }

    @Test
    void allFaultsAreToldAtOnce() {
        assertThatThrownBy(() -> parse("a = 1\nlogins.max = many\nb.c = 2"))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.faults()).hasSize(3));
    }

    @Test
    void aFileThatCannotBeReadIsNamed(@TempDir Path dir) throws Exception {
        assertThatThrownBy(() -> GatewayConfigReader.read(dir.resolve("none.conf")))
                .isInstanceOf(ConfigException.class)
                .hasMessageEndingWith("none.conf: cannot be read: there is no such file");
        Path big = Files.writeString(dir.resolve("big.conf"), "#".repeat(70_000));
        assertThatThrownBy(() -> GatewayConfigReader.read(big)).hasMessageContaining("larger than");
        Path binary = Files.write(dir.resolve("binary.conf"), new byte[] {(byte) 0xff, 0});
        assertThatThrownBy(() -> GatewayConfigReader.read(binary)).hasMessageContaining("not UTF-8");
        Path good = Files.write(dir.resolve("good.conf"), List.of("log.level = warn"));
        assertThat(GatewayConfigReader.read(good).logLevel()).isEqualTo(Level.WARN);
    }

    private static GatewayConfig parse(String text) throws ConfigException {
        return GatewayConfigReader.parse("x.conf", text);
    }
}
