package io.adoptd.gateway.cli;

import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.Pong;
import io.adoptd.gateway.wire.Request;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code adoptctl ping}: is the daemon there, which one, and how fast does it answer. */
@Command(
        name = "ping",
        description = "Asks the daemon whether it is there, and prints what it says of itself.",
        mixinStandardHelpOptions = true)
final class PingCommand extends RemoteCommand {

    @Override
    byte[] request() {
        return new Request.Ping().encode();
    }

    @Override
    int tell(Reply reply, double tookMillis, PrintWriter out) {
        if (!(reply instanceof Pong pong)) {
            return unexpected();
        }
        out.printf("adoptd %s, pid %d, up %s%n", pong.version(), pong.pid(), uptime(pong.uptimeMillis()));
        out.printf("node        %s%n", pong.node());
        out.printf("slurm.conf  %s%n", pong.slurmConf());
        out.printf("logins      %d%n", pong.logins());
        out.printf(Locale.ROOT, "answered    in %.2f ms%n", tookMillis);
        return GOOD;
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
