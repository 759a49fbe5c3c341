package io.adoptd.slurmd.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthInfoTest {

    @ParameterizedTest
    @CsvSource({
        "'socket=/run/munge/other.socket',                  /run/munge/other.socket, 0",
        "'ttl=60',                                          ,                        60",
        "'cred_expire=30, ttl=60,socket=/m,use_client_ids', /m,                      60",
        "'cred_expire=30',                                  ,                        0",
        "'socket=/first,socket=/second',                    /first,                  0"
    })
    void takesSocketAndTimeToLive(String value, String socket, int ttl) {
        assertThat(AuthInfo.parse(value)).isEqualTo(new AuthInfo(socket, ttl));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/run/other/munge.socket", "/run/munge,old/socket", "/m"})
    void aValueWithoutAnEqualsSignIsThePathOfTheSocket(String value) {
        assertThat(AuthInfo.parse(value)).isEqualTo(new AuthInfo(value, 0));
    }

    @Test
    void aPathBesideAKeyIsNotASocket() {
        assertThat(AuthInfo.parse("/run/other/munge.socket,ttl=60")).isEqualTo(new AuthInfo(null, 60));
    }

    /** The right column is what {@code atoi("left")} of glibc 2.36 gives, and 0 for what is negative. */
    @ParameterizedTest
    @CsvSource({
        "60s, 60",
        "' 60', 60",
        "+60, 60",
        "060, 60",
        "0x40, 0",
        "6 0, 6",
        "'', 0",
        "soon, 0",
        "-1, 0",
        "- 1, 0",
        "2147483647, 2147483647",
        "2147483648, 0",
        "4294967296, 0",
        "4294967356, 60",
        "99999999999999999999, 0",
        "-99999999999999999999, 0"
    })
    void theTimeToLiveIsReadAsAtoiReadsIt(String ttl, int seconds) {
        assertThat(AuthInfo.parse("socket=/m,ttl=" + ttl)).isEqualTo(new AuthInfo("/m", seconds));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "use_client_ids",
                "disable_sack",
                "disable_sack,use_client_ids",
                "jwt_key=/etc/k",
                "socket=",
                "socket=,socket=/m",
                "Socket=/m",
                " socket=/m",
                "ttl="
            })
    void whatSlurmDoesNotUseIsTheDefault(String value) {
        assertThat(AuthInfo.parse(value)).isEqualTo(AuthInfo.DEFAULT);
    }
}
