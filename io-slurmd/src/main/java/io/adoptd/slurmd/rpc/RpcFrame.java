package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Header;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import org.jspecify.annotations.Nullable;

/**
 * One RPC as it stands on the wire: its length, header, auth block, body. Source: Slurm
 * src/common/slurm_protocol_api.c.
 *
 * @param auth null where the header says that there is none
 */
record RpcFrame(Header header, @Nullable AuthBlock auth, Bytes body) {

    /** The frame's length, which does not count itself. */
    static final int LENGTH_BYTES = 4;

    /** Slurm allows 1 GiB; what is read here has a few hundred bytes. */
    static final int MAX_LENGTH = 64 * 1024;

    private static final long HTTP = 0x48545450L;

    static RpcFrame request(SlurmVersion version, int messageType, AuthBlock auth, Bytes body) {
        return new RpcFrame(Header.ofRequest(version, messageType, body.size()), auth, body);
    }

    /** Whether there are so many bytes after a length as it says, neither absurdly few nor too many to read. */
    static boolean isLength(long length) {
        return length >= Header.MIN_BYTES && length <= MAX_LENGTH;
    }

    /** Whether a web server answered: a slurmd of 25.11 and later may be one as well. */
    static boolean isHttp(Bytes received) {
        return received.size() >= LENGTH_BYTES && new Unpacker(received).uint32("frame_len") == HTTP;
    }

    static RpcFrame decode(Bytes received) {
        var in = new Unpacker(received);
        length(in);
        Header header = Header.decode(in);
        AuthBlock auth = header.hasAuth() ? AuthBlock.decode(in) : null;
        if (header.bodyLength() != in.left()) {
            throw new DecodeException(
                    "body_length", in.offset(), header.bodyLength() + " bytes announced, " + in.left() + " left");
        }
        return new RpcFrame(header, auth, in.raw("body", in.left()));
    }

    Bytes encode() {
        var out = new Packer();
        header.encode(out);
        if (auth != null) {
            auth.encode(out);
        }
        return new Packer().mem(out.raw(body).packed()).packed();
    }

    private static void length(Unpacker in) {
        long length = in.uint32("frame_len");
        if (!isLength(length)) {
            throw new DecodeException("frame_len", 0, "a frame of " + length + " bytes");
        }
        if (length != in.left()) {
            throw new DecodeException("frame_len", 0, length + " bytes announced, " + in.left() + " came");
        }
    }
}
