package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.gateway.cli.GatewayClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * How long do logins take that come at a fixed rate, whether the earlier ones are done or not? Each is due at an instant
 * of its own, and timed from that instant: a client that is late because the daemon keeps it waiting counts what it was
 * late (no coordinated omission). What a login took from when it really began is shown beside it.
 */
public final class Storm {

    /** So many can be under way; one more begins late, which is counted. */
    private static final int CLIENTS = 256;

    private static final long SLOWEST_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int DIGITS = 3;
    private static final int WARM_UP = 2_000;
    private static final String USAGE = "usage: Storm SECONDS FILE RATE…";
    private static final String ROW = "%9s %9s %8s %8s %8s %8s %8s %8s   %s%n";

    private final GatewayClient client;
    private final LoginKind kind = LoginKind.ONE_JOB; // all are of this process, which can be in one job only
    private final byte[] frame = kind.frame();

    private Storm(GatewayClient client) {
        this.client = client;
    }

    private record Result(int rate, double reached, Histogram fromDue, Histogram fromBegin) {

        String row() {
            return String.format(
                    Locale.ROOT,
                    ROW,
                    rate,
                    String.format(Locale.ROOT, "%.0f", reached),
                    fromDue.getTotalCount(),
                    ms(fromDue.getValueAtPercentile(50)),
                    ms(fromDue.getValueAtPercentile(90)),
                    ms(fromDue.getValueAtPercentile(99)),
                    ms(fromDue.getValueAtPercentile(99.9)),
                    ms(fromDue.getMaxValue()),
                    ms(fromBegin.getValueAtPercentile(99)));
        }

        String json() {
            return String.format(
                    Locale.ROOT,
                    "{\"rate_per_s\": %d, \"reached_per_s\": %.1f, \"logins\": %d, \"from_due_ms\": %s, \"from_begin_ms\": %s}",
                    rate,
                    reached,
                    fromDue.getTotalCount(),
                    json(fromDue),
                    json(fromBegin));
        }

        private static String json(Histogram times) {
            return String.format(
                    Locale.ROOT,
                    "{\"p50\": %s, \"p90\": %s, \"p99\": %s, \"p99.9\": %s, \"max\": %s, \"mean\": %s}",
                    ms(times.getValueAtPercentile(50)),
                    ms(times.getValueAtPercentile(90)),
                    ms(times.getValueAtPercentile(99)),
                    ms(times.getValueAtPercentile(99.9)),
                    ms(times.getMaxValue()),
                    ms(Math.round(times.getMean())));
        }

        private static String ms(long nanos) {
            return String.format(Locale.ROOT, "%.3f", nanos / 1e6);
        }
    }

    /** Plays each rate for so many seconds, prints a line of each, and writes them as JSON. */
    public static void main(String[] args) throws Exception {
        if (args.length < 3) {
            System.err.println(USAGE);
            System.exit(2);
        }
        int seconds = Integer.parseInt(args[0]);
        int[] rates = Arrays.stream(args).skip(2).mapToInt(Integer::parseInt).toArray();
        var results = new ArrayList<Result>();
        try (var node = new SimulatedNode()) {
            LoginKind.ONE_JOB.startJobs(node, 1);
            var storm = new Storm(node.client());
            storm.warmUp();
            System.out.printf(
                    Locale.ROOT,
                    ROW,
                    "rate/s",
                    "reached",
                    "logins",
                    "p50 ms",
                    "p90",
                    "p99",
                    "p99.9",
                    "max",
                    "p99 from when it began");
            for (int rate : rates) {
                Result result = storm.at(rate, seconds);
                System.out.print(result.row());
                results.add(result);
            }
        }
        Files.writeString(Path.of(args[1]), json(results));
    }

    private static String json(List<Result> results) {
        return results.stream()
                .map(Result::json)
                .reduce((one, next) -> one + ",\n  " + next)
                .orElse("")
                .transform(lines -> "[\n  " + lines + "\n]\n");
    }

    private void warmUp() throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            kind.logIn(client, frame);
        }
    }

    private Result at(int rate, int seconds) throws Exception {
        var fromDue = new Recorder(SLOWEST_NANOS, DIGITS);
        var fromBegin = new Recorder(SLOWEST_NANOS, DIGITS);
        var next = new AtomicLong();
        long logins = (long) rate * seconds;
        long start = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        var clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<?>> playing = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                playing.add(clients.submit(() -> {
                    for (long login = next.getAndIncrement(); login < logins; login = next.getAndIncrement()) {
                        long due = start + TimeUnit.SECONDS.toNanos(login) / rate;
                        awaitNanoTime(due);
                        long began = System.nanoTime();
                        kind.logIn(client, frame);
                        long ended = System.nanoTime();
                        fromDue.recordValue(Math.min(SLOWEST_NANOS, ended - due));
                        fromBegin.recordValue(Math.min(SLOWEST_NANOS, ended - began));
                    }
                    return null;
                }));
            }
            for (Future<?> one : playing) {
                one.get();
            }
        } finally {
            clients.shutdownNow();
        }
        double lasted = (System.nanoTime() - start) / 1e9;
        return new Result(rate, logins / lasted, fromDue.getIntervalHistogram(), fromBegin.getIntervalHistogram());
    }

    private static void awaitNanoTime(long due) {
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
