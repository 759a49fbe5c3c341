package io.adoptd.slurmd.rpc;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.adoptd.pipeline.time.LoginClock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class UntrustedLogTest {

    private static final InetSocketAddress FORGER = at("192.0.2.10");
    private static final String LINE = "security.callerid_untrusted peer=\"192.0.2.10:6818\" why=\"";

    private final Timers timers = new Timers();
    private final LoginClock clock = timers.clock();
    private final ListAppender<ILoggingEvent> written = new ListAppender<>();
    private final UntrustedLog log = new UntrustedLog();

    @BeforeEach
    void listen() {
        written.start();
        logger().addAppender(written);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(written);
    }

    @Test
    void theFirstIsWrittenAtOnce() {
        note(FORGER, "no credential");
        assertThat(lines()).containsExactly(LINE + "no credential\"");
    }

    @Test
    void aFloodHasOneLineAMinuteAndNoneOfItIsLost() {
        for (int i = 0; i < 1_000; i++) {
            note(FORGER, i == 999 ? "the last" : "no credential");
        }
        assertThat(lines()).hasSize(1);
        timers.advanceBy(ofSeconds(60));
        assertThat(lines()).containsExactly(LINE + "no credential\"", LINE + "the last\" more=999");
        note(FORGER, "again");
        timers.advanceBy(ofMinutes(10));
        assertThat(lines()).hasSize(3).last().isEqualTo(LINE + "again\" more=1");
    }

    @Test
    void afterAQuietMinuteTheNextIsWrittenAtOnce() {
        note(FORGER, "no credential");
        timers.advanceBy(ofSeconds(60));
        note(FORGER, "replayed");
        assertThat(lines()).containsExactly(LINE + "no credential\"", LINE + "replayed\"");
    }

    @Test
    void onePeerDoesNotHideAnother() {
        note(FORGER, "no credential");
        note(at("2001:db8::a"), "no credential");
        assertThat(lines())
                .containsExactly(
                        LINE + "no credential\"",
                        "security.callerid_untrusted peer=\"[2001:db8:0:0:0:0:0:a]:6818\" why=\"no credential\"");
    }

    @Test
    void morePeersThanAreKeptPushOutTheOldestWhoseCountIsWritten() {
        note(FORGER, "no credential");
        note(FORGER, "no credential");
        for (int i = 0; i < UntrustedLog.MAX_PEERS; i++) {
            note(at("198.51." + i / 256 + "." + i % 256), "no credential");
        }
        assertThat(lines()).contains(LINE + "no credential\" more=1").hasSize(UntrustedLog.MAX_PEERS + 2);
        timers.advanceBy(ofMinutes(10));
        assertThat(lines()).hasSize(UntrustedLog.MAX_PEERS + 2);
    }

    @Test
    void closingWritesWhatIsCounted() {
        note(FORGER, "no credential");
        note(FORGER, "no credential");
        log.close();
        assertThat(lines()).containsExactly(LINE + "no credential\"", LINE + "no credential\" more=1");
    }

    @Test
    void noTimerIsLeftWhenNothingIsLeftOut() {
        note(FORGER, "no credential");
        assertThat(timers.open()).isZero();
        note(FORGER, "no credential");
        assertThat(timers.open()).isEqualTo(1);
        timers.advanceBy(ofSeconds(60));
        assertThat(timers.open()).isZero();
    }

    private void note(InetSocketAddress peer, String why) {
        log.note(peer, why, clock);
    }

    private Stream<String> lines() {
        return written.list.stream().map(ILoggingEvent::getFormattedMessage);
    }

    private static InetSocketAddress at(String address) {
        try {
            return new InetSocketAddress(InetAddress.getByName(address), 6818);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(UntrustedLog.class);
    }
}
