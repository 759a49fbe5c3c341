package io.adoptd.slurmd.wire;

import java.util.Arrays;
import java.util.Optional;

/**
 * The releases that have a place here, by their protocol words. Source: Slurm src/common/slurm_protocol_common.h of
 * each.
 *
 * <p>Nothing is negotiated: a slurmd reads a request by the word in it, answers in the same word, and refuses a word
 * that it does not know. So a word has to be chosen, and a guess may be wrong.
 */
public enum SlurmVersion {
    V22_05(0x2600, Callerid.SHORT, Use.KNOWN),
    V23_02(0x2700, Callerid.SHORT, Use.KNOWN),
    V23_11(0x2800, Callerid.SHORT, Use.KNOWN),
    V24_05(0x2900, Callerid.SHORT, Use.KNOWN),
    V24_11(0x2A00, Callerid.SHORT, Use.SPOKEN),
    V25_05(0x2B00, Callerid.SHORT, Use.KNOWN),
    V25_11(0x2C00, Callerid.LONG, Use.KNOWN),
    V26_05(0x2D00, Callerid.LONG, Use.SPOKEN);

    /** The word that most slurmds answer: those of 24.11, 25.05, 25.11 and 26.05. */
    public static final SlurmVersion COMMON = V24_11;

    private enum Callerid {
        SHORT,
        LONG
    }

    private enum Use {
        KNOWN,
        SPOKEN
    }

    private final int word;
    private final Callerid callerid;
    private final Use use;

    SlurmVersion(int word, Callerid callerid, Use use) {
        this.word = word;
        this.callerid = callerid;
        this.use = use;
    }

    public static Optional<SlurmVersion> ofWord(int word) {
        return Arrays.stream(values()).filter(version -> version.word == word).findFirst();
    }

    /** The uint16 that stands for it on the wire. */
    public int word() {
        return word;
    }

    /** Whether the answer to a callerid request in this word has the long form, with a sluid and a whole step id. */
    public boolean longCallerid() {
        return callerid == Callerid.LONG;
    }

    /** Whether requests are sent in this word. The others are known: their bytes are told apart and read. */
    public boolean spoken() {
        return use == Use.SPOKEN;
    }
}
