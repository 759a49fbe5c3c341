package io.adoptd.gateway.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Packs the fields of one frame's body. */
final class FieldWriter {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

    FieldWriter bytes(int tag, byte[] value) {
        out.write(tag >>> 8);
        out.write(tag);
        out.write(value.length >>> 8);
        out.write(value.length);
        out.writeBytes(value);
        return this;
    }

    FieldWriter uint32(int tag, long value) {
        return bytes(tag, ByteBuffer.allocate(4).putInt((int) value).array());
    }

    FieldWriter uint64(int tag, long value) {
        return bytes(tag, ByteBuffer.allocate(8).putLong(value).array());
    }

    /** Text without control characters, cut to {@code max} bytes at a character's end; nothing when null or empty. */
    FieldWriter text(int tag, @Nullable String value, int max) {
        return value == null || value.isEmpty() ? this : bytes(tag, cut(printable(value), max));
    }

    byte[] body() {
        return out.toByteArray();
    }

    private static String printable(String value) {
        StringBuilder cleaned = null;
        for (int i = 0; i < value.length(); i++) {
            if (Character.isISOControl(value.charAt(i))) {
                cleaned = cleaned == null ? new StringBuilder(value) : cleaned;
                cleaned.setCharAt(i, ' ');
            }
        }
        return cleaned == null ? value : cleaned.toString();
    }

    private static byte[] cut(String value, int max) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= max) {
            return bytes;
        }
        int end = max;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }
}
