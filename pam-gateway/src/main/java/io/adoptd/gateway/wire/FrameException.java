package io.adoptd.gateway.wire;

/** A frame that is not as docs/gateway-frame.md says. */
public final class FrameException extends Exception {

    private static final long serialVersionUID = 1;

    /** What the daemon refuses such a frame with: {@code bad_frame} or {@code bad_version}. */
    private final String reason;

    private final String why;

    private FrameException(String reason, String why) {
        super(why);
        this.reason = reason;
        this.why = why;
    }

    static FrameException bad(String field, String why) {
        return new FrameException("bad_frame", field + ": " + why);
    }

    static FrameException version(int version) {
        return new FrameException("bad_version", "version: " + version + ", spoken here is " + Frame.VERSION);
    }

    /** The field, and what is wrong with it. */
    public String why() {
        return why;
    }

    public String reason() {
        return reason;
    }
}
