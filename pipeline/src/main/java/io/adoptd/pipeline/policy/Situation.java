package io.adoptd.pipeline.policy;

import io.adoptd.pipeline.model.OptionValue;
import io.adoptd.pipeline.model.PamOptions;

/** Where the page leaves the outcome to an option. */
enum Situation {
    /** The user has no job on this node. */
    NO_JOBS,
    /** No job of the user is known, but some slurmstepd did not answer. */
    NO_JOBS_KNOWN,
    /** The user has several jobs, and none is known to be the one that the login comes from. */
    SOURCE_UNKNOWN,
    /** The process could not be put into the job that it belongs to. */
    ADOPT_FAILED,
    /** The slurmstepd took the process in, and it could not be read back whether it is there. */
    ADOPT_UNPROVEN,
    /** The node itself is at fault. */
    NODE_FAULT;

    /** What the administrator wants done here. */
    OptionValue chosenIn(PamOptions options) {
        return switch (this) {
            case NO_JOBS, NO_JOBS_KNOWN -> options.noJobs();
            case SOURCE_UNKNOWN -> options.unknown();
            case ADOPT_FAILED, ADOPT_UNPROVEN -> options.adoptFailure();
            case NODE_FAULT -> options.genericFailure();
        };
    }
}
