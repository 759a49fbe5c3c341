package io.adoptd.slurmd.message;

import static io.adoptd.slurmd.wire.Mangled.hex;
import static io.adoptd.slurmd.wire.Mangled.raisesNothingButDecodeException;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Unpacker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkCalleridRequestTest {

    private static final String IN = """
            00000010 c000020a000000000000000000000000 00000010 c0000214000000000000000000000000 \
            00009c40 00000016 00000002""";
    private static final String IN6 = """
            00000010 20010db800000000000000000000000a 00000010 20010db8000000000000000000000014 \
            00009c40 00000016 0000000a""";

    @ParameterizedTest
    @CsvSource({"192.0.2.10, 192.0.2.20," + IN, "2001:db8::a, 2001:db8::14," + IN6})
    void itAsksForTheEndThatTheUserComesFromFirst(String from, String to, String body) throws UnknownHostException {
        Bytes packed = NetworkCalleridRequest.of(login(from, to)).encode();
        assertThat(packed).isEqualTo(hex(body));
        assertThat(packed.size()).isEqualTo(52);
    }

    @Test
    void aMappedOneHasBothAddressesAsAnIpv6SocketHasThem() throws UnknownHostException {
        assertThat(NetworkCalleridRequest.mapped(login("192.0.2.10", "192.0.2.20"))
                        .encode())
                .isEqualTo(hex("""
                        00000010 00000000000000000000ffffc000020a 00000010 00000000000000000000ffffc0000214 \
                        00009c40 00000016 0000000a"""));
    }

    @Test
    void onlyAnIpv4ConnectionHasAMappedForm() throws UnknownHostException {
        Connection login = login("2001:db8::a", "2001:db8::14");
        assertThatIllegalArgumentException().isThrownBy(() -> NetworkCalleridRequest.mapped(login));
    }

    @ParameterizedTest
    @ValueSource(strings = {IN, IN6})
    void itIsReadAndWrittenBack(String body) {
        assertThat(decode(hex(body)).encode()).isEqualTo(hex(body));
        raisesNothingButDecodeException(hex(body), NetworkCalleridRequestTest::decode);
    }

    @ParameterizedTest
    @CsvSource({
        "00000004 c000020a, ip_src",
        "00000011 c000020a, ip_src",
        "00000010 c000020a000000000000000000000000 00000000, ip_dst"
    })
    void anAddressHasSixteenBytes(String body, String field) {
        assertThatExceptionOfType(DecodeException.class)
                .isThrownBy(() -> decode(hex(body)))
                .returns(field, DecodeException::field);
    }

    private static NetworkCalleridRequest decode(Bytes body) {
        return NetworkCalleridRequest.decode(new Unpacker(body));
    }

    private static Connection login(String from, String to) throws UnknownHostException {
        return new Connection(
                new Endpoint(InetAddress.getByName(from), 40000), new Endpoint(InetAddress.getByName(to), 22));
    }
}
