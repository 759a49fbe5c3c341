package io.adoptd.slurmd.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes Slurm's primitives, all big-endian. Source: Slurm src/common/pack.c, the same from 22.05 to 26.05.
 */
public final class Packer {

    private static final long UINT32_MAX = 0xffff_ffffL;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

    public Packer uint16(int value) {
        if (value < 0 || value > 0xffff) {
            throw new IllegalArgumentException("not a uint16: " + value);
        }
        return big(value, 2);
    }

    public Packer uint32(long value) {
        if (value < 0 || value > UINT32_MAX) {
            throw new IllegalArgumentException("not a uint32: " + value);
        }
        return big(value, 4);
    }

    /** All 64 bits; what is negative here is large in C. */
    public Packer uint64(long value) {
        return big(value, 8);
    }

    /** A count and so many bytes. */
    public Packer mem(Bytes value) {
        return uint32(value.size()).raw(value);
    }

    /** A count that includes the closing NUL, the text, the NUL; for null the count 0 and nothing else. */
    public Packer string(@Nullable String value) {
        if (value == null) {
            return uint32(0);
        }
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        uint32(text.length + 1L);
        out.writeBytes(text);
        return big(0, 1);
    }

    /** The bytes alone. */
    public Packer raw(Bytes value) {
        out.writeBytes(value.toArray());
        return this;
    }

    public Bytes packed() {
        return Bytes.of(out.toByteArray());
    }

    private Packer big(long value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            out.write((int) (value >>> shift));
        }
        return this;
    }
}
