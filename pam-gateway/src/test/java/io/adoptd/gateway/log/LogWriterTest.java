package io.adoptd.gateway.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LogWriterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final LoggerContext context = new LoggerContext();
    private final Logger log = context.getLogger("io.adoptd.test");

    @AfterEach
    void stop() {
        context.stop();
    }

    private LogWriter writerTo(OutputStream out) {
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%level %msg%n");
        encoder.start();
        var writer = new LogWriter(encoder, out);
        writer.setContext(context);
        writer.start();
        log.setLevel(Level.INFO);
        log.addAppender(writer);
        return writer;
    }

    @Test
    void linesComeOutInOrder() {
        var out = new ByteArrayOutputStream();
        LogWriter writer = writerTo(out);
        log.info("one");
        log.warn("two");
        writer.flush(PATIENCE);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("INFO one\nWARN two\n");
    }

    @Test
    void whoLogsDoesNotWaitForAReaderThatHangsAndIsToldWhatWasLost() throws InterruptedException {
        var out = new Hanging();
        LogWriter writer = writerTo(out);
        log.info("the first, which is being written");
        assertThat(out.writing.await(10, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < LogWriter.MAX_WAITING + 500; i++) {
            log.info("line {}", i);
        }
        writer.flush(Duration.ofMillis(20)); // comes back although nobody reads
        assertThat(out.text()).isEmpty();

        out.mayGoOn.countDown();
        writer.flush(PATIENCE);
        assertThat(out.text().lines().toList())
                .hasSize(1 + LogWriter.MAX_WAITING + 1)
                .endsWith("INFO line " + (LogWriter.MAX_WAITING - 1), "WARN log.lost lines=500");
    }

    @Test
    void aFullDiskCostsItsLinesOnlyAndTheNextStartsOnALineOfItsOwn() {
        var out = new Full();
        LogWriter writer = writerTo(out);
        log.info("whole");
        writer.flush(PATIENCE);
        out.room = 3;
        log.info("cut");
        log.info("lost");
        writer.flush(PATIENCE);
        out.room = Integer.MAX_VALUE;
        log.info("again");
        writer.flush(PATIENCE);
        assertThat(out.text()).isEqualTo("INFO whole\nINF\nINFO again\nWARN log.lost lines=2\n");
    }

    private static class Kept extends OutputStream {

        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            keep(bytes, offset, length);
        }

        private synchronized void keep(byte[] bytes, int offset, int length) {
            kept.write(bytes, offset, length);
        }

        synchronized String text() {
            return kept.toString(StandardCharsets.UTF_8);
        }
    }

    /** Takes the first byte when it may go on. */
    private static final class Hanging extends Kept {

        private final CountDownLatch writing = new CountDownLatch(1);
        private final CountDownLatch mayGoOn = new CountDownLatch(1);

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            writing.countDown();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            super.write(bytes, offset, length);
        }
    }

    /** As write(2) does: what there is room for, then ENOSPC. */
    private static final class Full extends Kept {

        private volatile int room = Integer.MAX_VALUE;

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int fits = Math.min(length, room);
            super.write(bytes, offset, fits);
            if (room != Integer.MAX_VALUE) {
                room = 0; // it only ever fills
            }
            if (fits < length) {
                throw new IOException("No space left on device");
            }
        }
    }
}
