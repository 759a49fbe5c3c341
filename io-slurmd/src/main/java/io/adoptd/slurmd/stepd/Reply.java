package io.adoptd.slurmd.stepd;

import io.adoptd.slurmd.wire.DecodeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** One field of what a slurmstepd says, whole, in this machine's byte order. */
final class Reply {

    private final String field;
    private final int offset;
    private final byte[] bytes;

    /**
     * @param field Slurm's name of it
     * @param offset of its first byte in all that the slurmstepd has said
     */
    Reply(String field, int offset, byte[] bytes) {
        this.field = field;
        this.offset = offset;
        this.bytes = bytes;
    }

    int int32() {
        return int32(0);
    }

    int int32(int at) {
        return buffer().getInt(at);
    }

    long uint32() {
        return Integer.toUnsignedLong(int32());
    }

    /** Unsigned: compare it so. */
    long uint64() {
        return buffer().getLong();
    }

    boolean bool() {
        return bool(0);
    }

    boolean bool(int at) {
        return switch (bytes[at]) {
            case 0 -> false;
            case 1 -> true;
            default -> throw refused(Byte.toUnsignedInt(bytes[at]) + " is neither 0 nor 1");
        };
    }

    /** UTF-8 and its NUL, which is the last byte and the only NUL. */
    String text() {
        int end = bytes.length - 1;
        for (int at = 0; at <= end; at++) {
            if ((bytes[at] == 0) != (at == end)) {
                throw refused("its NUL is not its end");
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, end))
                    .toString();
        } catch (CharacterCodingException e) {
            throw refused("not UTF-8");
        }
    }

    DecodeException refused(String why) {
        return new DecodeException(field, offset, why);
    }

    private ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }
}
