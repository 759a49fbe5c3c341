package io.adoptd.pipeline.model;

import java.util.Locale;

/** Where in sshd's PAM stack a login is asked about. */
public enum Phase {
    /** The account phase, asked by the process that will be the session. */
    ACCOUNT,
    /**
     * The account phase, asked by a helper that ends before the session begins, as sshd has one for
     * keyboard-interactive logins. The process of the login is the helper's parent.
     */
    ACCOUNT_BY_HELPER,
    /** The session phase: asked by the process that is about to become the session. */
    SESSION;

    /** Whether the process that asks can join the job's namespaces for the session: only it can, for itself. */
    public boolean joinsContainers() {
        return this != ACCOUNT_BY_HELPER;
    }

    /** As it stands in the log. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
