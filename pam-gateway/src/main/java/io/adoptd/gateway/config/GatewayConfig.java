package io.adoptd.gateway.config;

import ch.qos.logback.classic.Level;
import io.adoptd.pipeline.policy.Inheritance;
import io.adoptd.pipeline.time.Slices;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's settings.
 *
 * @param socket where the module asks; its directory is one that only the daemon's own user may write
 * @param loginDeadline what one login may take in all; less than the module waits
 * @param slices what each question of a login may take of it
 * @param stepsStarting how long a login waits for its user's step when one is only just beginning; used when a daemon
 *     starts
 * @param maxLogins how many logins are decided at once; past it the answer is {@code busy}, at once
 * @param slurmConf the slurm.conf to read; null to find it as Slurm does
 * @param inheritance what of its job's settings a session gets
 */
public record GatewayConfig(
        Path socket,
        Duration loginDeadline,
        Slices slices,
        Duration stepsStarting,
        int maxLogins,
        @Nullable Path slurmConf,
        Inheritance inheritance,
        Level logLevel) {

    public static final Path DEFAULT_FILE = Path.of("/etc/adoptd/adoptd.conf");
    public static final Path DEFAULT_SOCKET = Path.of("/run/adoptd/gateway.sock");

    /** How long a login waits for a step that is only just beginning. */
    private static final Duration STEPS_STARTING = Duration.ofMillis(300);

    /** What holds without a file. */
    public static final GatewayConfig DEFAULT = new GatewayConfig(
            DEFAULT_SOCKET,
            Duration.ofSeconds(8),
            Slices.DEFAULT,
            STEPS_STARTING,
            1_024,
            null,
            Inheritance.NOTHING,
            Level.INFO);

    /** The keys whose values differ from {@code running}'s and are used only when a daemon starts. */
    public List<String> differingForTheLifeOf(GatewayConfig running) {
        var keys = new ArrayList<String>();
        if (!socket.equals(running.socket)) {
            keys.add("socket");
        }
        if (!stepsStarting.equals(running.stepsStarting)) {
            keys.add("steps.starting");
        }
        if (!Objects.equals(slurmConf, running.slurmConf)) {
            keys.add("slurm.conf");
        }
        return keys;
    }
}
