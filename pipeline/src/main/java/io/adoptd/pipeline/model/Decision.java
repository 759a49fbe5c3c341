package io.adoptd.pipeline.model;

import java.util.Locale;

/** What the PAM module is told to return. */
public enum Decision {
    /** In, and inside the job. */
    ADOPTED,
    /** In, outside any job, because an option says so. */
    ALLOWED,
    /** No opinion: the rest of the PAM stack decides. */
    IGNORED,
    /** Out. */
    DENIED;

    /** As it stands in the log. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
