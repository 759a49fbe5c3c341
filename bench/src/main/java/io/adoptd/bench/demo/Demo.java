package io.adoptd.bench.demo;

import io.adoptd.bench.sim.SimulatedLogin;
import io.adoptd.bench.sim.SimulatedNode;
import io.adoptd.bench.sim.SimulatedStepds.Manner;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.pipeline.model.Uid;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Plays a login of each kind on a simulated node and prints what became of it, why, and where the time went. */
public final class Demo {

    private static final Uid ALICE = new Uid(2001);
    private static final Uid BOB = new Uid(2002);
    private static final Uid CAROL = new Uid(2003);
    private static final Uid DAVE = new Uid(2004);
    private static final Uid ERIN = new Uid(2005);

    private record Kind(String what, String user, Uid uid, String source, String expected) {}

    private static final List<Kind> BEFORE = List.of(
            new Kind("one job", "alice", ALICE, SimulatedNode.REFUSES, "only_job"),
            new Kind("no job", "bob", BOB, SimulatedNode.REFUSES, "no_jobs"),
            new Kind(
                    "several jobs, the source's slurmd names one", "carol", CAROL, SimulatedNode.ANSWERS, "source_job"),
            new Kind("several jobs, the source refuses the port", "carol", CAROL, SimulatedNode.REFUSES, "newest_job"),
            new Kind("several jobs, the source drops the packets", "carol", CAROL, SimulatedNode.DROPS, "newest_job"),
            new Kind("the slurmstepd says yes and lies", "dave", DAVE, SimulatedNode.REFUSES, "adopt_not_in_step"));

    private static final List<Kind> WITH_A_STUCK_STEP = List.of(
            new Kind("one job, another user's step is stuck", "alice", ALICE, SimulatedNode.REFUSES, "only_job"),
            new Kind("the user's own step is stuck", "erin", ERIN, SimulatedNode.REFUSES, "no_jobs_known"));

    private static final String ROW = "%-44s %-8s %-18s %8s  %-17s %-22s %-18s %s%n";

    private Demo() {}

    /** Exits with 0 when every login got what was expected, else with 1. */
    public static void main(String[] args) throws Exception {
        boolean good = true;
        try (var node = new SimulatedNode()) {
            node.stepds().run(11, ALICE, Manner.HONEST);
            node.stepds().run(31, CAROL, Manner.HONEST);
            Thread.sleep(20); // the next socket is born later, so its step is newer
            node.stepds().run(30, CAROL, Manner.HONEST);
            node.stepds().run(41, DAVE, Manner.LIAR);
            for (int i = 0; i < 200; i++) { // a daemon is warm when users come; this one has just been born
                node.client().ask(SimulatedLogin.frame("bob", BOB, SimulatedNode.REFUSES));
                node.client().ask(SimulatedLogin.frame("carol", CAROL, SimulatedNode.ANSWERS));
            }
            PrintStream out = System.out;
            out.printf(
                    Locale.ROOT, ROW, "login", "decision", "reason", "ms", "steps", "callerid", "adopt", "membership");
            good &= play(node, BEFORE, out);
            node.stepds().run(51, ERIN, Manner.SILENT);
            good &= play(node, WITH_A_STUCK_STEP, out);
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean play(SimulatedNode node, List<Kind> kinds, PrintStream out) throws Exception {
        boolean good = true;
        for (Kind kind : kinds) {
            long began = System.nanoTime();
            Reply reply = node.client().ask(SimulatedLogin.frame(kind.user(), kind.uid(), kind.source()));
            double took = (System.nanoTime() - began) / 1e6;
            VerdictReply verdict = (VerdictReply) reply;
            row(out, kind, verdict, took);
            good &= verdict.reason().equals(kind.expected());
        }
        return good;
    }

    private static void row(PrintStream out, Kind kind, VerdictReply verdict, double took) {
        Map<String, String> stages = Arrays.stream(
                        String.valueOf(verdict.detail()).split(" ", -1))
                .map(pair -> pair.split("=", 2))
                .filter(pair -> pair.length == 2)
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (first, second) -> second));
        out.printf(
                Locale.ROOT,
                ROW,
                kind.what(),
                verdict.answer().toString().toLowerCase(Locale.ROOT),
                verdict.reason(),
                String.format(Locale.ROOT, "%.2f", took),
                stage(stages, "steps"),
                stage(stages, "callerid"),
                stage(stages, "adopt"),
                stage(stages, "membership"));
        if (verdict.message() != null) {
            out.printf("    %s@c1: %s%n", kind.user(), verdict.message());
        }
        verdict.variables().forEach(variable -> out.printf("    %s@c1: %s%n", kind.user(), variable));
        if (!verdict.reason().equals(kind.expected())) {
            out.printf("    EXPECTED %s%n", kind.expected());
        }
    }

    private static String stage(Map<String, String> stages, String name) {
        String outcome = stages.get(name);
        return outcome == null ? "-" : outcome + " (" + stages.get(name + "_ms") + ")";
    }
}
