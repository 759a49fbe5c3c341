package io.adoptd.slurmd.message;

import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.Unpacker;
import org.jspecify.annotations.Nullable;

/**
 * RESPONSE_SLURM_RC, and RESPONSE_SLURM_RC_MSG, which adds a text. Both come without a credential from most slurmds, so
 * they can only ever mean a failure. Source: Slurm src/common/slurm_protocol_pack.c.
 *
 * @param type {@link #RC} or {@link #RC_MSG}
 * @param code 0 for success, else a number of slurm/slurm_errno.h or errno.h; -1 is 4294967295
 * @param message null with {@link #RC}; the peer's own words, unescaped
 */
public record ReturnCode(int type, long code, @Nullable String message) {

    public static final int RC = 8001;
    public static final int RC_MSG = 8002;

    /** SLURM_PROTOCOL_AUTHENTICATION_ERROR, which 25.05 and 25.11 also send when they do not speak a version. */
    public static final long AUTHENTICATION_ERROR = 1007;

    private static final int MAX_MESSAGE = 4096;

    public static ReturnCode decode(Unpacker in) {
        return in.end(new ReturnCode(RC, in.uint32("return_code"), null));
    }

    public static ReturnCode decodeWithMessage(Unpacker in) {
        return in.end(new ReturnCode(RC_MSG, in.uint32("return_code"), in.nullableString("err_msg", MAX_MESSAGE)));
    }

    public Bytes encode() {
        var out = new Packer().uint32(code);
        return (type == RC ? out : out.string(message)).packed();
    }
}
