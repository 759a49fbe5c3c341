package io.adoptd.pipeline.model;

import java.util.Locale;
import java.util.function.Function;

/** What the slurmd at the login's source said about its connection. */
public sealed interface CalleridAnswer {

    /** It runs the job that opened the connection. */
    record SourceJob(JobId job) implements CalleridAnswer {}

    /** It does not know the connection, or does not say. */
    record Indeterminate() implements CalleridAnswer {}

    /**
     * Nobody answered in time, readably and credibly.
     *
     * @param why for the log
     */
    record NoAnswer(Failure failure, String why) implements CalleridAnswer {}

    /** Why there is no answer. */
    enum Failure {
        /** The login came by no TCP connection that could be asked about. */
        NO_CONNECTION,
        /** The source refuses the port: no slurmd there. */
        REFUSED,
        /** The source cannot be reached. */
        UNREACHABLE,
        /** Nothing came within the slice. */
        TIMED_OUT,
        /** What came is not Slurm's, or not of a version spoken here. */
        UNREADABLE,
        /** What came is not by root, SlurmUser or SlurmdUser, or not bound to the message: a security event. */
        UNTRUSTED,
        /** No credential could be made or checked: the authentication service of this node. */
        NO_CREDENTIALS,
        /** The slurmd answered with a Slurm error. */
        SLURM_ERROR,
        /** Too many logins are asking already: this one was not put. */
        BUSY;

        /** As it stands in logs. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    default <R> R fold(Function<SourceJob, R> job, Function<Indeterminate, R> unknown, Function<NoAnswer, R> none) {
        if (this instanceof SourceJob j) {
            return job.apply(j);
        }
        if (this instanceof Indeterminate i) {
            return unknown.apply(i);
        }
        return none.apply((NoAnswer) this);
    }
}
