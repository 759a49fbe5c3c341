package io.adoptd.gateway.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** One frame: a type and its fields, still packed. */
final class Frame {

    static final int VERSION = 2;
    static final int HEADER_SIZE = 8;
    private static final int MAGIC = 0x41444F50;

    static final int LOGIN = 0x01;
    static final int PING = 0x02;
    static final int COMMAND = 0x03;
    static final int VERDICT = 0x81;
    static final int PONG = 0x82;
    static final int REPORT = 0x83;
    static final int REFUSED = 0xff;

    private final int type;
    private final byte[] body;

    Frame(int type, byte[] body) {
        this.type = type;
        this.body = body;
    }

    int type() {
        return type;
    }

    byte[] body() {
        return body;
    }

    /**
     * Takes a whole frame apart.
     *
     * @param maxBody what the direction allows: {@link FrameLimits}
     */
    static Frame decode(byte[] bytes, int maxBody) throws FrameException {
        if (bytes.length < HEADER_SIZE) {
            throw FrameException.bad("header", bytes.length + " bytes of " + HEADER_SIZE);
        }
        var in = ByteBuffer.wrap(bytes);
        if (in.getInt() != MAGIC) {
            throw FrameException.bad("magic", "not a gateway frame");
        }
        int version = Byte.toUnsignedInt(in.get());
        if (version != VERSION) {
            throw FrameException.version(version);
        }
        int type = Byte.toUnsignedInt(in.get());
        int length = Short.toUnsignedInt(in.getShort());
        if (length > maxBody) {
            throw FrameException.bad("length", length + " is over " + maxBody);
        }
        if (length != in.remaining()) {
            throw FrameException.bad("length", length + " told, " + in.remaining() + " there");
        }
        return new Frame(type, Arrays.copyOfRange(bytes, HEADER_SIZE, bytes.length));
    }

    /** The bytes; a body over its bound is our bug, and never reaches the wire. */
    byte[] encode() {
        if (body.length > (type < VERDICT ? FrameLimits.REQUEST_BODY : FrameLimits.REPLY_BODY)) {
            throw new IllegalStateException("a body of " + body.length + " bytes");
        }
        return ByteBuffer.allocate(HEADER_SIZE + body.length)
                .putInt(MAGIC)
                .put((byte) VERSION)
                .put((byte) type)
                .putShort((short) body.length)
                .put(body)
                .array();
    }
}
