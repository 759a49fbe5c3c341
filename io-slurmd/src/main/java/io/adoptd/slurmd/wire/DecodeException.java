package io.adoptd.slurmd.wire;

/** Bytes that are not what they should be. Ends at the adapter that read them. */
public final class DecodeException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String field;
    private final int offset;
    private final String why;

    /**
     * @param field Slurm's name of what was being read
     * @param offset where it began, counted from the first byte that the reader was given
     * @param why what is wrong with it, in our words: numbers of the peer at most, never its text
     */
    public DecodeException(String field, int offset, String why) {
        this.field = field;
        this.offset = offset;
        this.why = why;
    }

    public String field() {
        return field;
    }

    public int offset() {
        return offset;
    }

    @Override
    public String getMessage() {
        return field + " at " + offset + ": " + why;
    }
}
