package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProcStatTest {

    /** What follows the name in a stat of Linux 6.18; field 22 is 5038172. */
    private static final String REST = " S 4190 4242 4242 0 -1 4194560 873 0 0 0 1 2 0 0 20 0 1 0 5038172 15458304 1980"
            + " 18446744073709551615 1 1 0 0 0 0 0 4096 81923 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    private static final String SSHD = "4242 (sshd)" + REST;

    @Test
    void aStatIsRead() throws Exception {
        assertThat(ProcStat.parse(SSHD)).isEqualTo(new ProcStat(4242, "sshd", 'S', 4190, 5_038_172));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "(sd-pam)",
                "x) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 (y",
                ") S ",
                "((",
                "))",
                "a\nb",
                "7 (x) S 1",
                "\u00e9\ufffd",
                "kworker/u8:3-events_unbound"
            })
    void theNameMayBeAnything(String comm) throws Exception {
        assertThat(ProcStat.parse("4242 (" + comm + ")" + REST))
                .isEqualTo(new ProcStat(4242, comm, 'S', 4190, 5_038_172));
    }

    @ParameterizedTest
    @CsvSource({"R, true", "S, true", "D, true", "T, true", "t, true", "I, true", "Z, false", "X, false", "x, false"})
    void onlyRemainsAreNotAlive(char state, boolean alive) {
        assertThat(new ProcStat(1, "a", state, 0, 0).isAlive()).isEqualTo(alive);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "4242\n",
                "4242 sshd S 1\n",
                "4242 (sshd) S 4190 4242\n",
                "4242 (sshd) SS 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0\n",
                "4242 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 -7 0\n",
                "4242 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 seven 0\n",
                "4242 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0  0\n",
                "4242 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 9223372036854775808 0\n",
                "4294967296 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0\n",
                "-1 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0\n",
                " (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0\n",
                "4242 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0"
            })
    void anythingElseIsAnErrorWithTheLineInIt(String text) {
        assertThatExceptionOfType(ProcException.class)
                .isThrownBy(() -> ProcStat.parse(text))
                .withMessageContaining(text);
    }

    @Test
    void noCutAndNoChangedByteDoesWorse() {
        Mutations.ofEvery(SSHD, text -> {
            try {
                ProcStat stat = ProcStat.parse(text);
                assertThat(stat.startTicks()).isNotNegative();
            } catch (ProcException expected) {
                assertThat(expected).hasMessageStartingWith("stat: ");
            }
        });
    }

    @Test
    void aCutNeverShortensTheStartTime() {
        for (int length = 0; length < SSHD.length(); length++) {
            String cut = SSHD.substring(0, length);
            assertThatExceptionOfType(ProcException.class).isThrownBy(() -> ProcStat.parse(cut));
        }
    }
}
