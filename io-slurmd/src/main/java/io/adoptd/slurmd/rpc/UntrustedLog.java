package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.time.LoginClock;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The security event of this package: somebody answers in a slurmd's place, or something in between changes what it
 * says. Whoever holds a source's port could fill the log with it, so each has one line a minute; what that leaves out is
 * counted in the next, or in one of its own when the minute is over.
 *
 * <p>Any thread may call. A timer runs only while something is left out.
 */
final class UntrustedLog implements AutoCloseable {

    static final Duration ONE_LINE_IN = Duration.ofMinutes(1);
    static final int MAX_PEERS = 1_024;

    private static final Logger log = LoggerFactory.getLogger(UntrustedLog.class);

    /** The one that had its line longest ago comes first. */
    private final Map<InetSocketAddress, Minute> minutes = new LinkedHashMap<>();

    /**
     * Notes one event.
     *
     * @param peer who answered
     * @param why words of ours, and none of the peer's
     */
    synchronized void note(InetSocketAddress peer, String why, LoginClock clock) {
        Minute minute = minutes.get(peer);
        if (minute != null && clock.now() - minute.began < ONE_LINE_IN.toNanos()) {
            minute.leaveOut(why);
            if (minute.leftOut == 1) {
                long left = minute.began + ONE_LINE_IN.toNanos() - clock.now();
                clock.timers().schedule(() -> over(peer, minute, clock), left, TimeUnit.NANOSECONDS);
            }
            return;
        }
        begin(peer, new Minute(clock.now()));
        write(peer, why, 0);
    }

    /** Writes what is counted and not yet told. */
    @Override
    public synchronized void close() {
        minutes.forEach(UntrustedLog::writeLeftOut);
        minutes.clear();
    }

    private synchronized void over(InetSocketAddress peer, Minute minute, LoginClock clock) {
        if (minutes.get(peer) == minute) {
            begin(peer, new Minute(clock.now())); // its line is this one
            writeLeftOut(peer, minute);
        }
    }

    private void begin(InetSocketAddress peer, Minute minute) {
        minutes.remove(peer);
        if (minutes.size() >= MAX_PEERS) {
            InetSocketAddress oldest = minutes.keySet().iterator().next();
            Minute given = minutes.remove(oldest);
            if (given != null) {
                writeLeftOut(oldest, given);
            }
        }
        minutes.put(peer, minute);
    }

    private static void writeLeftOut(InetSocketAddress peer, Minute minute) {
        if (minute.leftOut > 0) {
            write(peer, minute.why, minute.leftOut);
        }
    }

    private static void write(InetSocketAddress peer, String why, long leftOut) {
        var endpoint = new Endpoint(peer.getAddress(), peer.getPort());
        if (leftOut == 0) {
            log.warn("security.callerid_untrusted peer=\"{}\" why=\"{}\"", endpoint, why);
        } else {
            log.warn("security.callerid_untrusted peer=\"{}\" why=\"{}\" more={}", endpoint, why, leftOut);
        }
    }

    /** One peer's minute, from its line on. */
    private static final class Minute {

        private final long began;
        private String why = "";
        private long leftOut;

        Minute(long began) {
            this.began = began;
        }

        void leaveOut(String reason) {
            why = reason;
            leftOut++;
        }
    }
}
