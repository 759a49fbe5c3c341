package io.adoptd.gateway.cli;

import io.adoptd.gateway.config.GatewayConfig;
import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.Refused;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.gateway.wire.Request;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that asks the daemon one thing. */
abstract class RemoteCommand implements Callable<Integer> {

    static final int GOOD = 0;
    static final int BAD = 1;

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

    /** What to ask: a whole frame. */
    abstract byte[] request();

    /**
     * Prints the answer.
     *
     * @return the exit code; {@link #unexpected} for a reply that does not fit the question
     */
    int tell(Reply reply, double tookMillis, PrintWriter out) {
        if (reply instanceof Report report) {
            report.lines().forEach(out::println);
            return report.done() ? GOOD : BAD;
        }
        return unexpected();
    }

    /** The frame of a command without more to say. */
    static byte[] command(String name, @Nullable String argument) {
        return new Request.Command(name, argument).encode();
    }

    @Override
    public Integer call() {
        long began = System.nanoTime();
        try {
            Reply reply = new GatewayClient(socket, Duration.ofMillis(timeoutMillis)).ask(request());
            double took = (System.nanoTime() - began) / 1e6;
            if (reply instanceof Refused refused) {
                return fail("refused: " + refused.message());
            }
            PrintWriter out = commandLine().getOut();
            int code = tell(reply, took, out);
            out.flush();
            return code;
        } catch (IOException e) {
            return fail(
                    Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                            ? e.getMessage()
                            : "no such socket: is adoptd running?");
        } catch (FrameException e) {
            return fail("cannot be understood: " + e.getMessage());
        }
    }

    final int unexpected() {
        return fail("answered something else");
    }

    private int fail(@Nullable String why) {
        PrintWriter err = commandLine().getErr();
        err.printf("adoptctl: %s: %s%n", socket, why);
        err.flush();
        return BAD;
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("not run by picocli");
        }
        return spec.commandLine();
    }
}
