package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostnameTest {

    @ParameterizedTest
    @ValueSource(strings = {"c1", "n001.cluster.example", "a-b_c", "0"})
    void aHostsNameIsRead(String name) throws Exception {
        assertThat(Hostname.parse(name + "\n")).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "(none)\n", "c1", "c1\n\n", "c 1\n", "../c1\n", "-c1\n", "c1/x\n"})
    void anythingElseIsAnError(String text) {
        assertThatExceptionOfType(ProcException.class).isThrownBy(() -> Hostname.parse(text));
    }
}
