package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.Reason;
import java.nio.file.Path;

/** A slurm.conf that cannot be read, and the place in it. */
public final class SlurmConfException extends NodeFaultException {

    private static final long serialVersionUID = 1L;
    private static final int MAX_TEXT = 120;
    private static final int MAX_WHY = 1_000;

    private final boolean lasting;

    private SlurmConfException(String why, boolean lasting) {
        super(Reason.NO_SLURM_CONF, shortened(why, MAX_WHY));
        this.lasting = lasting;
    }

    /** The system did not give the file: it may the next time. */
    static SlurmConfException unread(Path file, String why) {
        return new SlurmConfException(file + ": " + why, false);
    }

    static SlurmConfException inFile(Path file, String why) {
        return new SlurmConfException(file + ": " + why, true);
    }

    static SlurmConfException inLine(ConfLine line, String why) {
        return new SlurmConfException(
                line.file() + ":" + line.number() + ": " + shortened(why, MAX_TEXT) + ", in \""
                        + shortened(line.text(), MAX_TEXT) + "\"",
                true);
    }

    /** Whether the same files would be refused again. */
    boolean isLasting() {
        return lasting;
    }

    private static String shortened(String text, int max) {
        return text.length() <= max ? text : text.substring(0, max) + "…";
    }
}
