package io.adoptd.kernel.proc;

import java.io.IOException;

/** A file below {@code /proc} says what its manual page does not know. */
public final class ProcException extends IOException {

    private static final long serialVersionUID = 1L;

    private static final int MAX_LINE = 120;

    /**
     * @param what the file, and what is wrong with it
     * @param line the line in question
     */
    public ProcException(String what, String line) {
        super(what + ": \"" + (line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE) + "…") + "\"");
    }
}
