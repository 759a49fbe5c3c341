package io.adoptd.slurmd.stepd;

import io.adoptd.slurmd.wire.SlurmVersion;

/**
 * The release of a slurmstepd, by the word it answers a hello with. Its replies follow its own word, whatever word it
 * was greeted with; all that differs between releases is here. Source: Slurm src/common/stepd_api.c and
 * src/slurmd/slurmstepd/req.c of 22.05 to 26.05.
 */
record StepdVersion(int word) {

    /** What every slurmstepd is greeted with: it refuses words that are too old for it, and none that are too new. */
    static final int HELLO = SlurmVersion.V26_05.word();

    private static final int REFUSED = -1;
    private static final int V22_05 = SlurmVersion.V22_05.word();
    private static final int V23_11 = SlurmVersion.V23_11.word();
    private static final int V25_11 = SlurmVersion.V25_11.word();
    private static final int NEWEST_IMAGINABLE = 0xff00;

    static StepdVersion decode(Reply reply) {
        int word = reply.int32();
        if (word == REFUSED) {
            throw reply.refused("the slurmstepd does not speak with 0x" + Integer.toHexString(HELLO));
        }
        if (word < V22_05 || word > NEWEST_IMAGINABLE || (word & 0xff) != 0) {
            throw reply.refused("0x" + Integer.toHexString(word) + " is no word of Slurm 22.05 or later");
        }
        return new StepdVersion(word);
    }

    /** Whether it tells its job's SLUID; an older one closes the connection when it is asked. */
    boolean tellsSluid() {
        return word >= V25_11;
    }

    /**
     * Whether it passes namespaces as a list ({@code GET_NS_FDS}). One that does must not be asked in the old way
     * ({@code GET_NS_FD}): without a namespace it would say nothing at all.
     */
    boolean listsNamespaces() {
        return word >= V25_11;
    }

    /**
     * Whether a {@code slurmstepd_state_t} of it says that the step is not yet set up. A state that is not known here is
     * no reason to wait.
     */
    boolean isStarting(Reply reply) {
        int state = reply.int32();
        return state == 0 || state == 1;
    }

    /** What a {@code slurmstepd_state_t} of it means. */
    StepState state(Reply reply) {
        int state = reply.int32();
        boolean tellsCancelled = word >= V23_11;
        return switch (state) {
            case 0 -> StepState.NOT_RUNNING;
            case 1 -> StepState.STARTING;
            case 2 -> StepState.RUNNING;
            case 3 -> tellsCancelled ? StepState.CANCELLED : StepState.ENDING;
            case 4 -> {
                if (!tellsCancelled) {
                    throw reply.refused("4 is no state");
                }
                yield StepState.ENDING;
            }
            default -> throw reply.refused(state + " is no state");
        };
    }
}
