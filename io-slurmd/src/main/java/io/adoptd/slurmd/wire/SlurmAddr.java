package io.adoptd.slurmd.wire;

/**
 * The address field of a header. Slurm writes its IPv4 address and its ports twice through {@code htonl} and
 * {@code htons}, so on most machines they stand there reversed, and nothing vouches for them: they are carried, never
 * read. Source: Slurm src/common/slurm_protocol_socket.c, {@code slurm_pack_addr}.
 *
 * @param family 0 (unspecified), 2 (AF_INET) or 10 (AF_INET6), Linux' numbers
 * @param packed what follows the family
 */
public record SlurmAddr(int family, Bytes packed) {

    public static final SlurmAddr UNSPECIFIED = new SlurmAddr(0, Bytes.NONE);

    private static final int AF_UNSPEC = 0;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int IN_BYTES = 4;
    private static final int IN6_BYTES = 16;
    private static final int PORT_BYTES = 2;

    static SlurmAddr decode(Unpacker in) {
        int start = in.offset();
        int family = in.uint16("orig_addr.family");
        return switch (family) {
            case AF_UNSPEC -> UNSPECIFIED;
            case AF_INET -> new SlurmAddr(family, in.raw("orig_addr", IN_BYTES + PORT_BYTES));
            case AF_INET6 -> new SlurmAddr(family, in6(in));
            default -> throw new DecodeException("orig_addr.family", start, "address family " + family);
        };
    }

    void encode(Packer out) {
        out.uint16(family).raw(packed);
    }

    private static Bytes in6(Unpacker in) {
        int start = in.offset();
        Bytes address = in.mem("orig_addr.sin6_addr", IN6_BYTES);
        if (address.size() != IN6_BYTES) {
            throw new DecodeException("orig_addr.sin6_addr", start, address.size() + " bytes, not " + IN6_BYTES);
        }
        return new Packer()
                .mem(address)
                .raw(in.raw("orig_addr.sin6_port", PORT_BYTES))
                .packed();
    }
}
