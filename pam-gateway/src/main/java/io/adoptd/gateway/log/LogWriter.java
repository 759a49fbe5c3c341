package io.adoptd.gateway.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines on a thread of its own, so that whoever logs never waits for whoever reads: a journald that is stopped, a
 * pipe that is full, a disk that hangs. Past its bound lines are dropped, and how many they were is told as soon as
 * lines go out again. A line that cannot be written (a full disk) is dropped, too.
 */
final class LogWriter extends UnsynchronizedAppenderBase<ILoggingEvent> {

    /** A busy second; of lines as they are some 300 KiB. */
    static final int MAX_WAITING = 1_024;

    private static final Duration FLUSH_LOOK = Duration.ofMillis(1);

    private final Encoder<ILoggingEvent> encoder;
    private final OutputStream out;
    private final BlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicInteger unwritten = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private @Nullable Thread thread;

    /** Whether the last line was perhaps cut; of the thread. */
    private boolean cut;

    LogWriter(Encoder<ILoggingEvent> encoder, OutputStream out) {
        this.encoder = encoder;
        this.out = out;
    }

    @Override
    public void start() {
        var writing = new Thread(this::run, "log");
        writing.setDaemon(true);
        thread = writing;
        super.start();
        writing.start();
    }

    @Override
    public void stop() {
        super.stop();
        if (thread != null) {
            thread.interrupt();
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        byte[] line = encoder.encode(event);
        unwritten.incrementAndGet();
        if (!waiting.offer(line)) {
            unwritten.decrementAndGet();
            dropped.incrementAndGet();
        }
    }

    /** Waits until what was logged is written, or for so long. For the end of the daemon. */
    void flush(Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        while (unwritten.get() > 0 && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(FLUSH_LOOK.toNanos());
        }
    }

    private void run() {
        try {
            while (isStarted()) {
                byte[] line = waiting.take();
                boolean written = write(line);
                if (written && waiting.isEmpty()) {
                    tellOfDropped();
                }
                unwritten.decrementAndGet();
            }
        } catch (InterruptedException stopped) {
            addInfo("no more lines are written");
        }
    }

    private boolean write(byte[] line) {
        try {
            if (cut) {
                out.write('\n');
            }
            out.write(line);
            out.flush();
            cut = false;
            return true;
        } catch (IOException e) {
            dropped.incrementAndGet();
            cut = true;
            return false;
        }
    }

    private void tellOfDropped() {
        long lines = dropped.getAndSet(0);
        if (lines == 0) {
            return;
        }
        Logger logger = ((LoggerContext) getContext()).getLogger(LogWriter.class);
        String text = LogLine.of("log.lost").with("lines", lines).toString();
        if (!write(encoder.encode(
                new LoggingEvent(LogWriter.class.getName(), logger, Level.WARN, text, null, new Object[0])))) {
            dropped.addAndGet(lines - 1); // and the one that told of them counts as dropped itself
        }
    }
}
