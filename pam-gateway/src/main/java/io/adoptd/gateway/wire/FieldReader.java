package io.adoptd.gateway.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields of one frame's body, by tag. Every taking names its field and its bounds. */
final class FieldReader {

    /** Tags from here on are for logs: a reader may skip those that it does not know. */
    private static final int SKIPPABLE = 0x8000;

    private final Map<Integer, List<byte[]>> fields = new HashMap<>();

    /**
     * Splits a body.
     *
     * @param known the tags that this frame may carry
     * @param repeated those of them that may occur more than once
     */
    FieldReader(byte[] body, Set<Integer> known, Set<Integer> repeated) throws FrameException {
        var in = ByteBuffer.wrap(body);
        while (in.hasRemaining()) {
            if (in.remaining() < 4) {
                throw FrameException.bad("field", "cut off at " + in.position());
            }
            int tag = Short.toUnsignedInt(in.getShort());
            int length = Short.toUnsignedInt(in.getShort());
            if (length > in.remaining()) {
                throw FrameException.bad("field " + tag, length + " bytes told, " + in.remaining() + " left");
            }
            var value = new byte[length];
            in.get(value);
            if (known.contains(tag)) {
                List<byte[]> values = fields.computeIfAbsent(tag, first -> new ArrayList<>(1));
                if (!values.isEmpty() && !repeated.contains(tag)) {
                    throw FrameException.bad("field " + tag, "twice");
                }
                values.add(value);
            } else if (tag < SKIPPABLE) {
                throw FrameException.bad("field " + tag, "must be understood, and is not known here");
            }
        }
    }

    byte[] bytes(String name, int tag, int min, int max) throws FrameException {
        byte[] value = optionalBytes(name, tag, min, max);
        if (value == null) {
            throw FrameException.bad(name, "missing");
        }
        return value;
    }

    byte @Nullable [] optionalBytes(String name, int tag, int min, int max) throws FrameException {
        List<byte[]> values = fields.get(tag);
        return values == null ? null : bounded(name, values.get(0), min, max);
    }

    long uint32(String name, int tag) throws FrameException {
        return Integer.toUnsignedLong(ByteBuffer.wrap(bytes(name, tag, 4, 4)).getInt());
    }

    String text(String name, int tag, int max) throws FrameException {
        return text(name, bytes(name, tag, 1, max));
    }

    @Nullable
    String optionalText(String name, int tag, int max) throws FrameException {
        byte[] value = optionalBytes(name, tag, 1, max);
        return value == null ? null : text(name, value);
    }

    /** A code: letters, digits and underscores. */
    String word(String name, int tag, int max) throws FrameException {
        String word = text(name, tag, max);
        if (!word.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            throw FrameException.bad(name, "not of [a-z0-9_]");
        }
        return word;
    }

    String line(String name, int tag, int max) throws FrameException {
        return line(name, bytes(name, tag, 1, max));
    }

    @Nullable
    String optionalLine(String name, int tag, int max) throws FrameException {
        byte[] value = optionalBytes(name, tag, 1, max);
        return value == null ? null : line(name, value);
    }

    List<String> texts(String name, int tag, int maxCount, int max) throws FrameException {
        List<byte[]> values = fields.getOrDefault(tag, List.of());
        if (values.size() > maxCount) {
            throw FrameException.bad(name, values.size() + " of at most " + maxCount);
        }
        var texts = new ArrayList<String>(values.size());
        for (byte[] value : values) {
            texts.add(text(name, bounded(name, value, 1, max)));
        }
        return List.copyOf(texts);
    }

    List<Integer> uint32s(String name, int tag, int maxCount) throws FrameException {
        List<byte[]> values = fields.getOrDefault(tag, List.of());
        if (values.size() > maxCount) {
            throw FrameException.bad(name, values.size() + " of at most " + maxCount);
        }
        var numbers = new ArrayList<Integer>(values.size());
        for (byte[] value : values) {
            numbers.add(ByteBuffer.wrap(bounded(name, value, 4, 4)).getInt());
        }
        return List.copyOf(numbers);
    }

    private static byte[] bounded(String name, byte[] value, int min, int max) throws FrameException {
        if (value.length < min || value.length > max) {
            throw FrameException.bad(name, value.length + " bytes, not " + min + " to " + max);
        }
        return value;
    }

    private static String line(String name, byte[] value) throws FrameException {
        String line = text(name, value);
        if (line.chars().anyMatch(Character::isISOControl)) {
            throw FrameException.bad(name, "a control character inside");
        }
        return line;
    }

    private static String text(String name, byte[] value) throws FrameException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .toString();
            if (text.indexOf('\0') >= 0) {
                throw FrameException.bad(name, "a NUL inside");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw FrameException.bad(name, "not UTF-8");
        }
    }
}
