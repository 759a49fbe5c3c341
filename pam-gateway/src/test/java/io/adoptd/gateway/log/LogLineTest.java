package io.adoptd.gateway.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LogLineTest {

    @Test
    void aLineIsAnEventAndItsPairs() {
        assertThat(LogLine.of("login.decided")
                        .with("user", "eve")
                        .with("job", 4711)
                        .word("reason", "only_job")
                        .with("took_ms", Duration.ofNanos(1_234_567))
                        .toString())
                .isEqualTo("login.decided user=\"eve\" job=4711 reason=only_job took_ms=1.23");
    }

    @Test
    void aUserNameStartsNoSecondLineAndHidesNothing() {
        assertThat(LogLine.of("e")
                        .with("user", "eve\nlogin.decided\u001b[2K\u2028\u202e\"\\")
                        .toString())
                .isEqualTo("e user=\"eve\\u{a}login.decided\\u{1b}[2K\\u{2028}\\u{202e}\\\"\\\\\"");
    }

    @Test
    void aTextIsCut() {
        assertThat(LogLine.of("e").with("why", "x".repeat(10_000)).toString()).hasSize(7 + 256 + 2);
        assertThat(LogLine.of("e").with("why", "\ud83d\ude00".repeat(300)).toString())
                .endsWith("\ud83d\ude00…\"");
    }

    @Test
    void noTextIsNoPair() {
        assertThat(LogLine.of("e").with("rhost", (String) null).with("why", "").toString())
                .isEqualTo("e");
    }
}
