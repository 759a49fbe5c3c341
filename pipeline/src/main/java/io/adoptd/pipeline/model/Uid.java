package io.adoptd.pipeline.model;

/** A user id: 0 to 4294967294; the last 32-bit value means "no uid" and is none. */
public record Uid(long value) {

    private static final long MAX = 0xffff_fffeL;

    public Uid {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException("not a uid: " + value);
        }
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
