package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcStatusTest {

    @Test
    void theUidsAreRead() throws ProcException {
        assertThat(ProcStatus.parse("Name:\tsu\nUmask:\t0022\nUid:\t2001\t0\t0\t0\nGid:\t1\t1\t1\t1\n"))
                .isEqualTo(new ProcStatus(2001, 0));
        assertThat(ProcStatus.parse("Name:\tx\\nUid:\t5\t5\t5\t5\nUid:\t4294967294\t0\t0\t0\n"))
                .isEqualTo(new ProcStatus(4_294_967_294L, 0));
    }

    /** {@code prctl(PR_SET_NAME)} takes 15 bytes of anything; Linux 6.18 writes these as they are. */
    @ParameterizedTest
    @ValueSource(strings = {"\r", "\u0085", "\u2028", "\u2029", "\f", "\u000b"})
    void noNamePassesForTheLine(String lineEnd) throws ProcException {
        assertThat(ProcStatus.parse("Name:\t" + lineEnd + "Uid:\t0\t0\t\nUid:\t2001\t2001\t2001\t2001\n"))
                .isEqualTo(new ProcStatus(2001, 2001));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Name:\tsu\n", "Uid:\t\n", "Uid:\t-1\t0\t0\t0\n", "Uid:\t4294967296\t0\t0\t0\n"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> ProcStatus.parse(text)).isInstanceOf(ProcException.class);
    }
}
