package io.adoptd.slurmd.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthInfoTest {

    @ParameterizedTest
    @CsvSource({
        "'socket=/run/munge/other.socket',                          /run/munge/other.socket, 0",
        "'ttl=60',                                                  ,                        60",
        "'cred_expire=30, ttl=60,socket=/m,use_client_ids',         /m,                      60",
        "'cred_expire=30',                                          ,                        0"
    })
    void itTakesWhatConcernsIt(String value, String socket, int ttl) {
        assertThat(AuthInfo.parse(value)).isEqualTo(new AuthInfo(socket, ttl));
    }

    @Test
    void nothingSaidIsTheDefault() {
        assertThat(AuthInfo.parse("")).isEqualTo(AuthInfo.DEFAULT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ttl=", "ttl=soon", "ttl=-1", "ttl=4294967296", "socket=", "socket=,ttl=1"})
    void whatMeansNothingIsRefused(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AuthInfo.parse(value))
                .withMessageStartingWith("AuthInfo: ");
    }
}
