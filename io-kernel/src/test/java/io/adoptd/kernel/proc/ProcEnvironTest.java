package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcEnvironTest {

    @Test
    void variablesAreReadInTheirOrder() {
        assertThat(parse("SLURM_JOB_ID=7\0PATH=/usr/bin:/bin\0EMPTY=\0A=b=c\0A=again\0"))
                .containsExactly("SLURM_JOB_ID=7", "PATH=/usr/bin:/bin", "EMPTY=", "A=b=c", "A=again");
    }

    @Test
    void aNewlineIsPartOfAValue() {
        assertThat(parse("BASH_FUNC_x%%=() {  :\n}\0A=1\0")).containsExactly("BASH_FUNC_x%%=() {  :\n}", "A=1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"``", "~", "~~~", "word", "=value~", "=~", "word~word~", "sshd: alice [priv]~"})
    void whatIsNoVariableIsLeftOut(String block) {
        assertThat(parse(block.replace('~', '\0'))).isEmpty();
    }

    @Test
    void theLastMayWantItsEnd() {
        assertThat(parse("A=1\0B=2")).containsExactly("A=1", "B=2");
    }

    @Test
    void whatIsNotUtf8IsLeftOutAndNothingElse() {
        byte[] block = bytes("A=1\0B=x\0é=ü\0C=3\0");
        block[6] = (byte) 0xff;
        assertThat(ProcEnviron.parse(block).variables()).containsExactly("A=1", "é=ü", "C=3");
        byte[] surrogate = {'A', '=', (byte) 0xed, (byte) 0xa0, (byte) 0x80, 0, 'B', '=', '2', 0};
        assertThat(ProcEnviron.parse(surrogate).variables()).containsExactly("B=2");
    }

    @Test
    void anyBytesAreReadAndNothingIsMadeUp() {
        var random = new Random(4711);
        for (int round = 0; round < 2_000; round++) {
            byte[] block = new byte[random.nextInt(200)];
            random.nextBytes(block);
            for (int at = 0; at < block.length; at += 1 + random.nextInt(9)) {
                block[at] = (byte) "\0=A\0=".charAt(random.nextInt(5));
            }
            assertThat(ProcEnviron.parse(block).variables())
                    .allSatisfy(variable -> assertThat(variable.indexOf('=')).isPositive())
                    .allSatisfy(variable -> assertThat(variable).doesNotContain("\0"))
                    .allSatisfy(variable ->
                            assertThat(contains(block, bytes(variable))).isTrue());
        }
    }

    private static boolean contains(byte[] block, byte[] part) {
        for (int at = 0; at + part.length <= block.length; at++) {
            if (Arrays.equals(block, at, at + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    private static List<String> parse(String block) {
        return ProcEnviron.parse(bytes(block)).variables();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
