package io.adoptd.slurmd.stepd;

import java.util.List;

/**
 * The processes of a job on this node that its user's own programs run in.
 *
 * @param pids the likeliest to have what the user set up first: the job's script before its steps. Slurm says that they
 *     are the job's; whether they still are has to be seen
 * @param why for the log: who did not answer; empty when everybody did
 */
public record TasksAnswer(List<Integer> pids, String why) {

    public TasksAnswer {
        pids = List.copyOf(pids);
    }
}
