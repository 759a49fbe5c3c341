package io.adoptd.slurmd.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {

    @Test
    void itNeverPrintsItself() {
        var token = new Token("MUNGE:AAAA:");
        assertThat(token).hasToString("Token[11 characters]");
        assertThat(new AuthBlock(AuthPlugin.MUNGE, token).toString()).doesNotContain("AAAA");
        assertThat(new MakeAnswer.Made(token).toString()).doesNotContain("AAAA");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "MUNGE: ", "MUNGE\n", "MUNG\u00c9", "a\u0000b", "\u007f"})
    void itIsPrintableAscii(String text) {
        assertThat(Token.isToken(text)).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> new Token(text)).withMessage("not a credential");
    }

    @Test
    void itHasABound() {
        assertThat(Token.isToken("x".repeat(Token.MAX_LENGTH))).isTrue();
        assertThat(Token.isToken("x".repeat(Token.MAX_LENGTH + 1))).isFalse();
    }
}
