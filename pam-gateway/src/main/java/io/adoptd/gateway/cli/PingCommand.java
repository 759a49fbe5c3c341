package io.adoptd.gateway.cli;

import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Request;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code adoptctl ping}: is the daemon there, which one, and how fast does it answer. */
@Command(
        name = "ping",
        description = "Asks the daemon whether it is there, and prints what it says of itself.",
        mixinStandardHelpOptions = true)
final class PingCommand implements Callable<Integer> {

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "the daemon's socket (default: /run/adoptd/gateway.sock)")
    private Path socket = GatewayConfig.DEFAULT_SOCKET;

    @Option(
            names = "--timeout",
            paramLabel = "MS",
            description = "how long to wait for the answer, in milliseconds (default: 2000)")
    private int timeoutMillis = 2_000;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        long began = System.nanoTime();
        try {
            Reply reply = new GatewayClient(socket, Duration.ofMillis(timeoutMillis)).ask(new Request.Ping().encode());
            double took = (System.nanoTime() - began) / 1e6;
            if (reply instanceof Pong pong) {
                print(pong, took);
                return 0;
            }
            return fail(
                    reply instanceof Refused refused
                            ? "refused: " + refused.message()
                            : "answered a PING with a verdict");
        } catch (IOException e) {
            return fail(
                    Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                            ? e.getMessage()
                            : "no such socket: is adoptd running?");
        } catch (FrameException e) {
            return fail("cannot be understood: " + e.getMessage());
        }
    }

    private void print(Pong pong, double tookMillis) {
        PrintWriter out = commandLine().getOut();
        out.printf("adoptd %s, pid %d, up %s%n", pong.version(), pong.pid(), uptime(pong.uptimeMillis()));
        out.printf("node        %s%n", pong.node());
        out.printf("slurm.conf  %s%n", pong.slurmConf());
        out.printf("logins      %d%n", pong.logins());
        out.printf(Locale.ROOT, "answered    in %.2f ms%n", tookMillis);
        out.flush();
    }

    private int fail(@Nullable String why) {
        PrintWriter err = commandLine().getErr();
        err.printf("adoptctl: %s: %s%n", socket, why);
        err.flush();
        return 1;
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("not run by picocli");
        }
        return spec.commandLine();
    }

    private static String uptime(long millis) {
        Duration up = Duration.ofMillis(millis);
        return up.toDays() > 0
                ? up.toDays() + "d " + up.toHoursPart() + "h"
                : up.toHours() > 0
                        ? up.toHours() + "h " + up.toMinutesPart() + "min"
                        : up.toMinutes() > 0
                                ? up.toMinutes() + "min " + up.toSecondsPart() + "s"
                                : up.toMillis() / 1000.0 + "s";
    }
}
