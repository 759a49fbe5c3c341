package io.adoptd.gateway.wire;

/** The bounds that a reader sets before it has a frame. */
public final class FrameLimits {

    /** Bytes before the body. */
    public static final int HEADER = Frame.HEADER_SIZE;

    /** Where the header tells the body's length. */
    public static final int LENGTH_OFFSET = 6;

    /** Bytes of that length. */
    public static final int LENGTH_SIZE = 2;

    /** Bytes of a request's body at most. */
    public static final int REQUEST_BODY = 2_048;

    /** Bytes of a reply's body at most. */
    public static final int REPLY_BODY = 8_192;

    private FrameLimits() {}
}
