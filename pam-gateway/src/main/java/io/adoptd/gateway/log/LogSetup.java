package io.adoptd.gateway.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where lines go: to standard error, or, when systemd has connected it to the journal, there with a syslog priority and
 * without a time of their own (sd-daemon(3)). Found by Logback as a service; XML would cost the daemon a tenth of its
 * memory.
 */
public final class LogSetup extends ContextAwareBase implements Configurator {

    private static final String WRITER = "stderr";

    private static final String TO_JOURNAL = "%priority%logger{0} %msg%n%ex";
    private static final String TO_TERMINAL = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %msg%n%ex";

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        PatternLayout.DEFAULT_CONVERTER_SUPPLIER_MAP.put("priority", Priority::new);
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(System.getenv("JOURNAL_STREAM") == null ? TO_TERMINAL : TO_JOURNAL);
        encoder.start();
        var writer = new LogWriter(encoder, new FileOutputStream(FileDescriptor.err));
        writer.setContext(context);
        writer.setName(WRITER);
        writer.start();
        var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(writer);
        context.getLogger("io.adoptd").setLevel(Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** From now on our own lines of this level and above; other people's code stays at warnings. */
    public static void level(Level level) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger("io.adoptd").setLevel(level);
        }
    }

    /** Whether lines of this logger are written at all, or only those of {@link #level}. */
    public static void silence(String logger, boolean silent) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger(logger).setLevel(silent ? Level.OFF : null);
        }
    }

    /** Waits until what was logged is written, at most so long: for the end of a program. */
    public static void flush(Duration atMost) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(WRITER) instanceof LogWriter writer) {
            writer.flush(atMost);
        }
    }

    /** {@code <3>} to {@code <7>}: what the journal takes a line's priority from. */
    public static final class Priority extends ClassicConverter {
        @Override
        public String convert(ILoggingEvent event) {
            return switch (event.getLevel().toInt()) {
                case Level.ERROR_INT -> "<3>";
                case Level.WARN_INT -> "<4>";
                case Level.INFO_INT -> "<6>";
                default -> "<7>";
            };
        }
    }
}
