package io.adoptd.pipeline.policy;

/** What a row of the table does. */
enum Then {
    /** Adopt into the newest job that has not failed yet; with none left, as if adoption failed. */
    ADOPT_NEWEST,
    /** Let the login in outside any job. */
    ALLOW,
    /** Leave it to the rest of the PAM stack. */
    IGNORE,
    /** Turn the login away, with the row's line for the user. */
    DENY
}
