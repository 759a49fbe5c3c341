package io.adoptd.slurmd.message;

import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.Unpacker;
import java.util.Arrays;

/**
 * REQUEST_NETWORK_CALLERID, 52 bytes, of one layout from 22.05 to 26.05. Source: Slurm
 * src/common/slurm_protocol_pack.c.
 *
 * @param ipSrc the end that the user comes from: 16 bytes in network order, an IPv4 address in the first four
 * @param ipDst sshd's end, likewise; with the two swapped a slurmd finds nothing
 * @param af Linux' AF_INET (2) or AF_INET6 (10)
 */
public record NetworkCalleridRequest(Bytes ipSrc, Bytes ipDst, long portSrc, long portDst, long af) {

    public static final int TYPE = 5035;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int IN_BYTES = 4;
    private static final int IP_BYTES = 16;

    public static NetworkCalleridRequest of(Connection login) {
        Endpoint source = login.source();
        Endpoint own = login.own();
        int af = source.address().getAddress().length == IN_BYTES ? AF_INET : AF_INET6;
        return new NetworkCalleridRequest(ip(source), ip(own), source.port(), own.port(), af);
    }

    /**
     * The same about a connection between IPv4 addresses whose other end is a socket of AF_INET6: both addresses
     * v4-mapped (RFC 4291, 2.5.5.2).
     */
    public static NetworkCalleridRequest mapped(Connection login) {
        Endpoint source = login.source();
        Endpoint own = login.own();
        return new NetworkCalleridRequest(mappedIp(source), mappedIp(own), source.port(), own.port(), AF_INET6);
    }

    public static NetworkCalleridRequest decode(Unpacker in) {
        var message = new NetworkCalleridRequest(
                ip(in, "ip_src"), ip(in, "ip_dst"), in.uint32("port_src"), in.uint32("port_dst"), in.uint32("af"));
        return in.end(message);
    }

    public Bytes encode() {
        return new Packer()
                .mem(ipSrc)
                .mem(ipDst)
                .uint32(portSrc)
                .uint32(portDst)
                .uint32(af)
                .packed();
    }

    private static Bytes ip(Endpoint end) {
        return Bytes.of(Arrays.copyOf(end.address().getAddress(), IP_BYTES));
    }

    private static Bytes mappedIp(Endpoint end) {
        byte[] ipv4 = end.address().getAddress();
        if (ipv4.length != IN_BYTES) {
            throw new IllegalArgumentException("not an IPv4 address: " + end);
        }
        byte[] mapped = new byte[IP_BYTES];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(ipv4, 0, mapped, IP_BYTES - IN_BYTES, IN_BYTES);
        return Bytes.of(mapped);
    }

    /** Slurm fills up a shorter address; nobody sends one, so it is refused here. */
    private static Bytes ip(Unpacker in, String field) {
        int start = in.offset();
        Bytes ip = in.mem(field, IP_BYTES);
        if (ip.size() != IP_BYTES) {
            throw new DecodeException(field, start, ip.size() + " bytes, not " + IP_BYTES);
        }
        return ip;
    }
}
