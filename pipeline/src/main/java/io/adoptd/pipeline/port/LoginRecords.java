package io.adoptd.pipeline.port;

import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.time.Deadline;
import reactor.core.publisher.Mono;

/**
 * What the session phase is to know of an account phase that a helper asked for, and that is lost with the helper. A
 * record outlives the daemon.
 */
public interface LoginRecords {

    /**
     * Writes down that the login's process was adopted into this job, and under which options.
     *
     * @return exactly one answer, at the deadline the latest; a record that cannot be written is an answer, not an error
     */
    Mono<RecordAnswer> keep(Login login, JobId job, Deadline deadline);

    /** Removes the record of a process whose session was asked about, some time soon. Does not wait. */
    void forget(LoginProcess process);

    /** Nothing is written down. */
    static LoginRecords none() {
        return new LoginRecords() {
            @Override
            public Mono<RecordAnswer> keep(Login login, JobId job, Deadline deadline) {
                return Mono.just(new RecordAnswer.Kept());
            }

            @Override
            public void forget(LoginProcess process) {}
        };
    }
}
