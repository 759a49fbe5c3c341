package io.adoptd.gateway.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.adoptd.pipeline.Hostile;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts of users and peers, on their way into the log. */
class LogLineFuzzTest {

    private static final int MAX_TEXT = 256;
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u\\{([0-9a-f]{1,6})}|([\"\\\\]))");

    /** Strings of Java's may hold what is no character at all, so the input is taken as UTF-16 too. */
    @MethodSource("texts")
    @FuzzTest
    void anyTextStaysInItsPairOfOneLine(byte[] bytes) {
        Hostile.readsCheaply(bytes, () -> {
            logged(Hostile.text(bytes));
            logged(new String(utf16(bytes)));
        });
    }

    static Stream<byte[]> texts() {
        return Stream.concat(
                Hostile.texts(
                        "eve\nlogin.decided\u001b[2K\u2028\u202e\"\\ \\u{a}", "\ud83d\ude00\ue000\uffff\u0378 a=b"),
                Stream.of("\ud800x\udc00".getBytes(StandardCharsets.UTF_16BE)));
    }

    private static void logged(String text) {
        String line = LogLine.of("e").with("a", text).with("b", 1).toString();
        if (text.isEmpty()) {
            assertThat(line).isEqualTo("e b=1");
            return;
        }
        assertThat(line).startsWith("e a=\"").endsWith("\" b=1");
        assertThat(line.codePoints()).allMatch(LogLineFuzzTest::isPrintable);
        String inside = line.substring("e a=\"".length(), line.length() - "\" b=1".length());
        assertThat(ESCAPE.matcher(inside).replaceAll("")).doesNotContain("\"", "\\");
        assertThat(unescaped(inside)).isEqualTo(cut(text));
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE -> false;
            default -> true;
        };
    }

    private static String cut(String text) {
        int[] all = text.codePoints().toArray();
        return new String(all, 0, Math.min(MAX_TEXT, all.length)) + (all.length > MAX_TEXT ? "…" : "");
    }

    private static String unescaped(String inside) {
        return ESCAPE.matcher(inside)
                .replaceAll(escape -> Matcher.quoteReplacement(
                        escape.group(1) == null
                                ? escape.group(2)
                                : Character.toString(Integer.parseInt(escape.group(1), 16))));
    }

    private static char[] utf16(byte[] bytes) {
        var chars = new char[bytes.length / 2];
        for (int at = 0; at < chars.length; at++) {
            chars[at] = (char) ((bytes[2 * at] & 0xff) << 8 | (bytes[2 * at + 1] & 0xff));
        }
        return chars;
    }
}
