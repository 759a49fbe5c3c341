package io.adoptd.gateway;

import io.adoptd.gateway.server.Commands;
import io.adoptd.gateway.wire.Reply.Report;
import io.adoptd.slurmd.rpc.Sources;
import io.adoptd.slurmd.rpc.Sources.SilentSource;
import io.adoptd.slurmd.stepd.Stepds;
import io.adoptd.slurmd.stepd.StepsReport;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Shows and clears what the daemon remembers of silent sources and slurmstepds. */
final class MemoryCommands {

    /** What only a literal address looks like: a name would be looked up. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]{7,15}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*");

    private final Sources sources;
    private final Stepds stepds;

    MemoryCommands(Sources sources, Stepds stepds) {
        this.sources = sources;
        this.stepds = stepds;
    }

    /** By their names in the frame; all are done on {@code thread}. */
    Map<String, Commands> byName(Scheduler thread) {
        return Map.of(
                "sources", command -> on(thread, this::sources),
                "forget_sources", command -> on(thread, () -> forgetSources(command.argument())),
                "steps", command -> on(thread, this::steps),
                "forget_steps", command -> on(thread, this::forgetSteps));
    }

    private static Mono<Report> on(Scheduler thread, Supplier<Report> act) {
        return Mono.fromSupplier(act).subscribeOn(thread);
    }

    private Report sources() {
        List<SilentSource> silent = sources.silent();
        return silent.isEmpty()
                ? done("no source is known to be silent")
                : new Report(true, silent.stream().map(MemoryCommands::line).toList());
    }

    private static String line(SilentSource source) {
        return source.address().getHostAddress() + " port " + source.port() + ": " + source.what() + ", silent for "
                + seconds(source.since()) + ", " + source.spared() + " logins did not wait for it; tried "
                + source.probes() + " times since, next in " + seconds(source.nextProbe());
    }

    private static String seconds(Duration duration) {
        return duration.truncatedTo(ChronoUnit.SECONDS).toSeconds() + " s";
    }

    private Report forgetSources(@Nullable String address) {
        if (address == null) {
            return done("forgotten: " + sources.forgetAll());
        }
        if (!ADDRESS.matcher(address).matches()) {
            return new Report(false, List.of("not an address: " + address));
        }
        try {
            int forgotten = sources.forget(InetAddress.getByName(address));
            return new Report(forgotten > 0, List.of("forgotten: " + forgotten));
        } catch (UnknownHostException e) {
            return new Report(false, List.of("not an address: " + address));
        }
    }

    private Report steps() {
        StepsReport report = stepds.report();
        var lines = new ArrayList<String>();
        lines.add("slurmstepds of extern steps: " + report.known() + " known, " + report.silent() + " silent, "
                + report.unasked() + " not asked yet, " + report.ended() + " ended");
        report.silentOnes()
                .forEach(silent -> lines.add(silent.socket() + ": silent since "
                        + silent.since().truncatedTo(ChronoUnit.SECONDS) + ", " + silent.why()));
        return new Report(true, lines);
    }

    private Report forgetSteps() {
        stepds.forget();
        return done("forgotten; the next login asks all anew");
    }

    private static Report done(String line) {
        return new Report(true, List.of(line));
    }
}
