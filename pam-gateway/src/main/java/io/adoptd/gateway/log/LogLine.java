package io.adoptd.gateway.log;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One line of the log: an event, then {@code key=value} pairs. Every text is quoted, escaped and cut, so that what a user
 * or a peer chose can neither start a second line nor hide the rest of this one.
 */
public final class LogLine {

    private static final int MAX_TEXT = 256;

    private final StringBuilder line;

    private LogLine(String event) {
        this.line = new StringBuilder(160).append(event);
    }

    /** A line about this event, named {@code subject.verb}. */
    public static LogLine of(String event) {
        return new LogLine(event);
    }

    /** Adds a text; nothing when there is none. */
    public LogLine with(String key, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            key(key).append('"');
            if (isPlain(text)) {
                line.append(text).append('"');
                return this;
            }
            int end = text.offsetByCodePoints(0, Math.min(MAX_TEXT, text.codePointCount(0, text.length())));
            text.substring(0, end).codePoints().forEach(this::escaped);
            line.append(end < text.length() ? "…\"" : "\"");
        }
        return this;
    }

    /** Adds a number. */
    public LogLine with(String key, long number) {
        key(key).append(number);
        return this;
    }

    /** Adds a word of ours: a code that needs no quotes. */
    public LogLine word(String key, String code) {
        key(key).append(code);
        return this;
    }

    /** Adds a duration, not a negative one, in milliseconds with two decimals; the key should end in {@code _ms}. */
    public LogLine with(String key, Duration took) {
        long hundredths = (took.toNanos() + 5_000) / 10_000;
        key(key).append(hundredths / 100).append('.');
        line.append((char) ('0' + hundredths / 10 % 10)).append((char) ('0' + hundredths % 10));
        return this;
    }

    @Override
    public String toString() {
        return line.toString();
    }

    private StringBuilder key(String key) {
        return line.append(' ').append(key).append('=');
    }

    /** Nearly every text is: nothing to escape, and short enough. */
    private static boolean isPlain(String text) {
        if (text.length() > MAX_TEXT) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    private void escaped(int c) {
        if (c == '"' || c == '\\') {
            line.append('\\').append((char) c);
        } else if (Character.isISOControl(c) || isUnprintable(c)) {
            line.append("\\u{").append(Integer.toHexString(c)).append('}');
        } else {
            line.appendCodePoint(c);
        }
    }

    /** Line and paragraph separators, direction marks, lone surrogates: whatever a terminal may act upon. */
    private static boolean isUnprintable(int c) {
        return switch (Character.getType(c)) {
            case Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE -> true;
            default -> false;
        };
    }
}
