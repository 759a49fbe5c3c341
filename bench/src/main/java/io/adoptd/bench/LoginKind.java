package io.adoptd.bench;

import io.adoptd.bench.sim.SimulatedLogin;
import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.bench.sim.SimulatedStepds.Manner;
import io.adoptd.gateway.cli.GatewayClient;
import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.pipeline.model.Uid;
import java.io.IOException;
import java.util.List;

/** The cases of a login that are measured: who comes from where, which jobs they have, and what must come of it. */
@SuppressWarnings("ImmutableEnumChecker") // a Uid and what List.of makes are immutable
public enum LoginKind {
    ONE_JOB("alice", 2001, SimulatedNode.REFUSES, "only_job", List.of(11L)),
    NO_JOB("bob", 2002, SimulatedNode.REFUSES, "no_jobs", List.of()),
    SEVERAL_REFUSED("carol", 2003, SimulatedNode.REFUSES, "newest_job", List.of(30L, SimulatedNode.SOURCE_JOB)),
    SEVERAL_ANSWERED("carol", 2003, SimulatedNode.ANSWERS, "source_job", List.of(30L, SimulatedNode.SOURCE_JOB)),
    /** The source drops the question, and that is remembered. */
    DROPPED_NEXT("carol", 2003, SimulatedNode.DROPS, "newest_job", List.of(30L, SimulatedNode.SOURCE_JOB));

    private static final Uid SOMEBODY_ELSE = new Uid(2999);
    private static final long FIRST_OF_OTHERS = 1_000;

    private final String user;
    private final Uid uid;
    private final String source;
    private final String expected;
    private final List<Long> jobs;

    LoginKind(String user, long uid, String source, String expected, List<Long> jobs) {
        this.user = user;
        this.uid = new Uid(uid);
        this.source = source;
        this.expected = expected;
        this.jobs = jobs;
    }

    Uid uid() {
        return uid;
    }

    /** The request of such a login. */
    byte[] frame() {
        return SimulatedLogin.frame(user, uid, source);
    }

    /** Starts the user's jobs on a node where nothing runs, and others' until so many extern steps are there. */
    void startJobs(SimulatedNode node, int steps) throws IOException {
        for (long job : jobs) {
            node.stepds().run(job, uid, Manner.HONEST);
        }
        for (long others = 0; others < steps - jobs.size(); others++) {
            node.stepds().run(FIRST_OF_OTHERS + others, SOMEBODY_ELSE, Manner.HONEST);
        }
    }

    /** One login. Whatever else comes of it than must is an error: it would be another case that is measured. */
    VerdictReply logIn(GatewayClient client, byte[] frame) throws IOException, FrameException {
        Reply reply = client.ask(frame);
        if (reply instanceof VerdictReply verdict && verdict.reason().equals(expected)) {
            return verdict;
        }
        throw new IllegalStateException(this + " is to end as " + expected + ": " + reply);
    }
}
