package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;

/**
 * What came of asking one slurmd.
 *
 * @param answer for the login
 * @param sign for the logins after it
 */
record Outcome(CalleridAnswer answer, Sign sign) {

    /** What it tells of the slurmd, apart from what it said. */
    enum Sign {
        /** It, or the host in its place, answered: that may be a refusal, or rubbish. */
        ALIVE,
        /** It had the time that there is for it and did not answer, or not to the end. */
        SILENT,
        /** Nothing: our side was at fault, or there was no time to speak of. */
        NONE
    }
}
