package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.Reason;

/** This node cannot be asked. Ends at the adapter, which answers it as the fault that it is. */
public class NodeFaultException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /**
     * @param reason one of {@code NO_SLURM_CONF}, {@code NODE_UNKNOWN} and {@code SPOOL_UNREADABLE}
     * @param why for the log: what was tried and what came of it
     */
    public NodeFaultException(Reason reason, String why) {
        super(why);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** The text given as {@code why}. */
    public String why() {
        return String.valueOf(getMessage());
    }
}
