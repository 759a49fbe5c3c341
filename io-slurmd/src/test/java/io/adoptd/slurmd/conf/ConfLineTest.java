package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfLineTest {

    private static final Path FILE = Path.of("/etc/slurm/slurm.conf");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "A=b # c|A=b ",
                "A=\"b # c\"|A=\"b ",
                "A=b\\#c|A=b#c",
                "A=b\\\\#c|A=b\\",
                "A=b\\\\\\#c|A=b\\#c",
                "A=b\\c|A=bc",
                "A=b\\\\c|A=b\\c",
                "A=\\\"b|A=\"b",
            })
    void commentsGoFirstAndEscapesAfterwards(String physical, String text) {
        assertThat(ConfLine.of(FILE, physical)).containsExactly(new ConfLine(FILE, 1, text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"# c", "  # c", "`   `", "``", "`\t`"})
    void whatHoldsNothingIsNoLine(String physical) {
        assertThat(ConfLine.of(FILE, physical)).isEmpty();
    }

    @Test
    void anOddNumberOfBackslashesJoinsTheNextLine() {
        assertThat(ConfLine.of(FILE, "A=1\\\n2\\ \t\n 3\nB=1\\\\\nC=1"))
                .containsExactly(
                        new ConfLine(FILE, 1, "A=12 3"), new ConfLine(FILE, 4, "B=1\\"), new ConfLine(FILE, 5, "C=1"));
    }

    @Test
    void aBackslashInACommentJoinsNothing() {
        assertThat(ConfLine.of(FILE, "A=1 # c \\\nB=2"))
                .containsExactly(new ConfLine(FILE, 1, "A=1 "), new ConfLine(FILE, 2, "B=2"));
    }

    @Test
    void aCommentInAJoinedLineEndsThatLineOnly() {
        assertThat(ConfLine.of(FILE, "A=1 \\\nB=2 # c\nC=3"))
                .containsExactly(new ConfLine(FILE, 1, "A=1 B=2 "), new ConfLine(FILE, 3, "C=3"));
    }

    @Test
    void theLastLineMayWantItsNewlineAndItsContinuation() {
        assertThat(ConfLine.of(FILE, "A=1\nB=2\\"))
                .containsExactly(new ConfLine(FILE, 1, "A=1"), new ConfLine(FILE, 2, "B=2"));
    }
}
