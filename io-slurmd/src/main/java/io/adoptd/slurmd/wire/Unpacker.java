package io.adoptd.slurmd.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads Slurm's primitives, all big-endian. Source: Slurm src/common/pack.c, the same from 22.05 to 26.05, except that
 * the closing NUL of a string is demanded here of every version and there from 23.02 on.
 *
 * <p>Every read names its field and, where the peer chooses the length, its bound; both are checked before anything is
 * allocated. Whatever does not fit is a {@link DecodeException}.
 */
public final class Unpacker {

    private final byte[] bytes;
    private int at;

    public Unpacker(Bytes bytes) {
        this.bytes = bytes.toArray();
    }

    public int uint16(String field) {
        return (int) big(field, 2);
    }

    public long uint32(String field) {
        return big(field, 4);
    }

    /** All 64 bits; what is negative here is large in C. */
    public long uint64(String field) {
        return big(field, 8);
    }

    /** A count and so many bytes, {@code max} at most. */
    public Bytes mem(String field, int max) {
        int start = at;
        return raw(field, count(field, start, max));
    }

    /**
     * A string that must be there; it may be empty.
     *
     * @param max most bytes of text, the closing NUL not counted
     */
    public String string(String field, int max) {
        int start = at;
        String text = nullableString(field, max);
        if (text == null) {
            throw new DecodeException(field, start, "no string");
        }
        return text;
    }

    /**
     * A string, or null where the peer had none.
     *
     * @param max most bytes of text, the closing NUL not counted
     */
    public @Nullable String nullableString(String field, int max) {
        int start = at;
        int count = count(field, start, max + 1);
        if (count == 0) {
            return null;
        }
        need(field, count);
        int end = at + count - 1;
        for (int i = at; i < end; i++) {
            if (bytes[i] == 0) {
                throw new DecodeException(field, start, "a NUL inside the string");
            }
        }
        if (bytes[end] != 0) {
            throw new DecodeException(field, start, "no NUL at the end of the string");
        }
        String text = utf8(field, start, ByteBuffer.wrap(bytes, at, count - 1));
        at = end + 1;
        return text;
    }

    /** So many bytes, no count before them. */
    public Bytes raw(String field, int count) {
        need(field, count);
        var raw = Bytes.of(bytes, at, at + count);
        at += count;
        return raw;
    }

    /** How many bytes are not read yet. */
    public int left() {
        return bytes.length - at;
    }

    public int offset() {
        return at;
    }

    /** Gives {@code message} back when all was read. Leftovers mean that we misread it. */
    public <T> T end(T message) {
        if (left() > 0) {
            throw new DecodeException("end", at, left() + " bytes too many");
        }
        return message;
    }

    private long big(String field, int count) {
        need(field, count);
        long value = 0;
        for (int end = at + count; at < end; at++) {
            value = value << 8 | (bytes[at] & 0xff);
        }
        return value;
    }

    private int count(String field, int start, int max) {
        long count = uint32(field);
        if (count > max) {
            throw new DecodeException(field, start, "length " + count + ", at most " + max + " expected");
        }
        return (int) count;
    }

    private void need(String field, int count) {
        if (count > left()) {
            throw new DecodeException(field, at, "needs " + count + " bytes, " + left() + " are left");
        }
    }

    private static String utf8(String field, int start, ByteBuffer text) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
        } catch (CharacterCodingException e) {
            throw new DecodeException(field, start, "not UTF-8");
        }
    }
}
