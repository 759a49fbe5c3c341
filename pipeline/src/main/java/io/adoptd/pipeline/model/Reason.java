package io.adoptd.pipeline.model;

import java.util.Locale;

/** Why a login got its verdict: the reason codes of the log, the frame and the administrator's guide. */
public enum Reason {
    /** Adopted: the user's only job here. */
    ONLY_JOB,
    /** Adopted: the job that opened the connection, as the source's slurmd said. */
    SOURCE_JOB,
    /** Adopted: the newest of several, for the source was not to be known. */
    NEWEST_JOB,
    /** Session phase: adopted into the job that the account phase chose, or found in it already. */
    ACCOUNT_JOB,
    /** Session phase: the module names no job of the account phase, so that it is not for the session phase to decide. */
    ACCOUNT_DECIDED,

    /** The user has no job on this node. */
    NO_JOBS,
    /** No job is known, but not every slurmstepd answered. */
    NO_JOBS_KNOWN,
    /** The user has several jobs, and none is known to be the source. */
    SOURCE_UNKNOWN,

    /** The slurmstepd refused the process. */
    ADOPT_REFUSED,
    /** The slurmstepd is gone: the job has just ended. */
    ADOPT_STEP_GONE,
    /** The slurmstepd did not answer in time. */
    ADOPT_TIMED_OUT,
    /** The slurmstepd answered what cannot be read, or is not who it should be. */
    ADOPT_UNREADABLE,
    /** The slurmstepd said yes, but the process is not in the job. */
    ADOPT_NOT_IN_STEP,
    /** The slurmstepd said yes, and the kernel could not be asked in time, or not readably, where the process is. */
    ADOPT_UNPROVEN,
    /** The process that asked is gone. */
    ADOPT_PROCESS_GONE,
    /** The slurmstepd took the process in, but did not tell the namespaces of the job. */
    ADOPT_NO_CONTAINER,

    /** slurm.conf is missing or cannot be read. */
    NO_SLURM_CONF,
    /** No NodeName is known for this host. */
    NODE_UNKNOWN,
    /** The spool directory cannot be read. */
    SPOOL_UNREADABLE,
    /** The node did not tell its steps in time. */
    STEPS_TIMED_OUT,
    /** The process that asks has ended, or cannot be seen from here. */
    PROCESS_UNKNOWN,
    /** The record of a login that a helper asked for, without which its session would not be known, cannot be written. */
    RECORD_UNWRITABLE,
    /** The login's deadline passed. */
    DEADLINE_PASSED,
    /** A fault of adoptd itself; the log has the stack trace. */
    INTERNAL;

    /** As it stands in the log and the frame. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
