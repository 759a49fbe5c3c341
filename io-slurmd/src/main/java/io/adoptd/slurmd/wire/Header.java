package io.adoptd.slurmd.wire;

/**
 * The header of an RPC, 16 bytes while it carries no address. Source: Slurm src/common/slurm_protocol_pack.c,
 * {@code pack_header}; of one layout from 22.05 (word 0x2600) to 26.05, except for what a message carries that is
 * forwarded or collected from several nodes, which is refused here: we ask one node and want one answer.
 *
 * @param flags to be tested by bit: slurmds let one of their own notes (KEEP_BUFFER, 0x0004) out on the wire
 * @param bodyLength bytes after the auth block
 */
public record Header(SlurmVersion version, int flags, int messageType, long bodyLength, SlurmAddr origAddr) {

    /** The shortest header, in bytes. */
    public static final int MIN_BYTES = 16;

    /** {@code SLURM_NO_AUTH_CRED}, from 23.02 on: no auth block follows. */
    public static final int NO_AUTH_CRED = 0x0040;

    /** The header of a request of ours, which carries a credential and nothing that is optional. */
    public static Header ofRequest(SlurmVersion version, int messageType, long bodyLength) {
        return new Header(version, 0, messageType, bodyLength, SlurmAddr.UNSPECIFIED);
    }

    public static Header decode(Unpacker in) {
        SlurmVersion version = version(in);
        int flags = in.uint16("flags");
        int messageType = in.uint16("msg_type");
        long bodyLength = in.uint32("body_length");
        none(in, "forward.cnt");
        none(in, "ret_cnt");
        return new Header(version, flags, messageType, bodyLength, SlurmAddr.decode(in));
    }

    public void encode(Packer out) {
        out.uint16(version.word())
                .uint16(flags)
                .uint16(messageType)
                .uint32(bodyLength)
                .uint16(0)
                .uint16(0);
        origAddr.encode(out);
    }

    public boolean hasAuth() {
        return (flags & NO_AUTH_CRED) == 0;
    }

    private static SlurmVersion version(Unpacker in) {
        int start = in.offset();
        int word = in.uint16("version");
        return SlurmVersion.ofWord(word)
                .orElseThrow(() -> new DecodeException("version", start, "protocol word " + word));
    }

    private static void none(Unpacker in, String field) {
        int start = in.offset();
        int count = in.uint16(field);
        if (count != 0) {
            throw new DecodeException(field, start, count + " where none was asked for");
        }
    }
}
