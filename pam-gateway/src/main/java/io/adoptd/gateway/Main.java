package io.adoptd.gateway;

import io.adoptd.gateway.config.ConfigException;
import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.config.GatewayConfigReader;
import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.log.LogSetup;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon, in the foreground; SIGTERM and SIGINT end it. */
public final class Main {

    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private static final Duration LAST_LINES = Duration.ofMillis(500);

    private static final String HELP = """
            usage: adoptd [--config FILE] [--check]
              --config FILE  the configuration (default: /etc/adoptd/adoptd.conf, which may be missing)
              --check        read the configuration, say what is wrong with it, and end
              --version      print the version and end
            It runs in the foreground and logs to standard error.
            """;

    private Main() {}

    /** Exits with 0 after a signal, 1 when it cannot start, 2 when the command line or the configuration is none. */
    public static void main(String[] args) {
        int code = run(List.of(args), System.out, System.err);
        LogSetup.flush(LAST_LINES);
        System.exit(code);
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        Path file = GatewayConfig.DEFAULT_FILE;
        boolean named = false;
        boolean check = false;
        for (Iterator<String> words = args.iterator(); words.hasNext(); ) {
            String word = words.next();
            switch (word) {
                case "--help", "-h" -> {
                    out.print(HELP);
                    return OK;
                }
                case "--version" -> {
                    out.println("adoptd " + DaemonVersion.VERSION);
                    return OK;
                }
                case "--check" -> check = true;
                case "--config" -> {
                    if (!words.hasNext()) {
                        return usage(err, "--config: expected a file");
                    }
                    file = Path.of(words.next());
                    named = true;
                }
                default -> {
                    return usage(err, "unexpected " + word);
                }
            }
        }
        try {
            GatewayConfig config = configuration(file, !named);
            Path source = file;
            boolean optional = !named;
            return check ? checked(out, file) : serve(config, () -> configuration(source, optional));
        } catch (ConfigException e) {
            e.faults().forEach(fault -> err.println("adoptd: " + fault));
            return USAGE;
        }
    }

    private static GatewayConfig configuration(Path file, boolean optional) throws ConfigException {
        return optional && !Files.exists(file) ? GatewayConfig.DEFAULT : GatewayConfigReader.read(file);
    }

    private static int usage(PrintStream err, String what) {
        err.println("adoptd: " + what);
        err.print(HELP);
        return USAGE;
    }

    private static int checked(PrintStream out, Path file) {
        out.println(file + ": good");
        return OK;
    }

    private static int serve(GatewayConfig config, Daemon.Settings settings) throws ConfigException {
        Logger log = LoggerFactory.getLogger(Main.class);
        LogSetup.level(config.logLevel());
        var ended = new CountDownLatch(1);
        try {
            var systemd =
                    ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
            systemd.checkListensAt(config.socket());
            Daemon daemon = Daemon.start(config, settings, systemd.listeningSocket());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(daemon, systemd, ended), "shutdown"));
            log.info(LogLine.of("daemon.ready")
                    .with("version", DaemonVersion.VERSION)
                    .with("pid", ProcessHandle.current().pid())
                    .with("socket", config.socket().toString())
                    .toString());
            systemd.ready();
            ended.await();
            return OK;
        } catch (IOException e) {
            log.error(LogLine.of("daemon.failed").with("why", e.getMessage()).toString());
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILED;
        }
    }

    private static void end(Daemon daemon, ServiceManager systemd, CountDownLatch ended) {
        systemd.stopping();
        daemon.close();
        LogSetup.flush(LAST_LINES);
        ended.countDown();
    }
}
