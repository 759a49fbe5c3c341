package io.adoptd.kernel.cgroup;

import io.adoptd.kernel.proc.ProcCgroup;
import io.adoptd.kernel.proc.ProcCgroup.Line;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Membership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Whether a process is in a step's cgroups. Sources: Slurm src/plugins/cgroup/v1 and v2, 22.05 to 26.05.
 *
 * <ul>
 *   <li>v1, each controller: {@code /slurm[_NODE]/uid_UID/job_ID/step_extern[+HET][/…]}. Slurm always uses the freezer,
 *       and the others as it is configured: one that has the process elsewhere in a tree of Slurm's disproves it, one
 *       that has it outside is one that Slurm does not use.
 *   <li>v2: {@code /SLICE/[NODE_]slurmstepd.scope/(job_ID|SLUID)/step_extern[+HET]/user[/…]}. The limits are set on
 *       {@code user}; its sibling {@code slurm}, where the slurmstepd lives, is without them.
 * </ul>
 *
 * Both trees begin at the root, or in a container without a cgroup namespace of its own where its init is. What users
 * may make for themselves is never taken for Slurm's: the scope has only slices above it, which systemd delegates to
 * nobody, and {@code user.slice} is not the first of them.
 */
public final class CgroupMembership {

    private static final String FREEZER = "freezer";
    private static final int MAX_WHERE = 200;

    private final ProcCgroup process;
    private final ProcCgroup init;
    private final ExternStep step;

    private CgroupMembership(ProcCgroup process, ProcCgroup init, ExternStep step) {
        this.process = process;
        this.init = init;
        this.step = step;
    }

    /**
     * Holds one against the other.
     *
     * @param process where the process is
     * @param init where pid 1 is, which tells where a container's cgroups begin
     * @return {@link Membership.InStep}, {@link Membership.Elsewhere} with the lines that say so, or
     *     {@link Membership.Unreadable} when the reader's own cgroup namespace hides what it takes to know
     */
    public static Membership of(ProcCgroup process, ProcCgroup init, ExternStep step) {
        return new CgroupMembership(process, init, step).judge();
    }

    private Membership judge() {
        var hidden = new ArrayList<Line>();
        addHidden(init, hidden);
        addHidden(process, hidden);
        if (!hidden.isEmpty()) {
            return new Membership.Unreadable("not in adoptd's own cgroup namespace: " + shortened(hidden));
        }
        CgroupPath root = v1Root();
        var inSlurm = new ArrayList<Line>();
        for (Line line : process.lines()) {
            if (isInV1Tree(line, root)) {
                inSlurm.add(line);
            }
        }
        return inSlurm.isEmpty() ? judgeV2() : judgeV1(inSlurm);
    }

    private static void addHidden(ProcCgroup cgroup, List<Line> hidden) {
        for (Line line : cgroup.lines()) {
            if (!path(line).isPlain()) {
                hidden.add(line);
            }
        }
    }

    private Membership judgeV1(List<Line> inSlurm) {
        Optional<Line> freezer = process.of(FREEZER);
        if (freezer.isEmpty()) {
            return new Membership.Elsewhere("in no freezer, but in " + shortened(inSlurm));
        }
        CgroupPath stepPath = v1Step(freezer.get());
        var astray = new LinkedHashSet<Line>();
        addAstray(freezer.get(), stepPath, astray);
        inSlurm.forEach(line -> addAstray(line, stepPath, astray));
        return astray.isEmpty() ? new Membership.InStep() : new Membership.Elsewhere(shortened(astray));
    }

    private static void addAstray(Line line, CgroupPath stepPath, Set<Line> astray) {
        if (!isIn(line, stepPath)) {
            astray.add(line);
        }
    }

    /** One slurmd has one tree, and the freezer tells which. */
    private CgroupPath v1Step(Line freezer) {
        CgroupPath ofNode = v1Root().child("slurm_" + step.node());
        return (isIn(freezer, ofNode) ? ofNode : v1Root().child("slurm"))
                .child("uid_" + step.owner(), "job_" + step.job(), stepName());
    }

    private static boolean isInV1Tree(Line line, CgroupPath root) {
        if (line.hierarchy() == 0 || !path(line).isBelow(root)) {
            return false;
        }
        String tree = path(line).nextAfter(root);
        return tree.equals("slurm") || tree.startsWith("slurm_");
    }

    /** Nobody but a container's maker moves a pid 1 in the freezer, so that it is where the container begins. */
    private CgroupPath v1Root() {
        return init.of(FREEZER).map(CgroupMembership::path).orElse(CgroupPath.ROOT);
    }

    private Membership judgeV2() {
        boolean inStep = process.unified().stream()
                .anyMatch(line -> v2Steps(path(line)).anyMatch(place -> isIn(line, place.child("user"))));
        return inStep
                ? new Membership.InStep()
                : new Membership.Elsewhere(
                        shortened(Stream.concat(process.of(FREEZER).stream(), process.unified().stream())
                                .toList()));
    }

    /** Every place where the step may be, if its scope is in the slice that {@code path} begins with. */
    private Stream<CgroupPath> v2Steps(CgroupPath path) {
        CgroupPath slice = v2Root();
        while (path.isBelow(slice) && path.nextAfter(slice).endsWith(".slice")) {
            slice = slice.child(path.nextAfter(slice));
        }
        if (slice.equals(v2Root()) || slice.isIn(v2Root().child("user.slice"))) {
            return Stream.empty();
        }
        CgroupPath inSlice = slice;
        return Stream.of("slurmstepd.scope", step.node() + "_slurmstepd.scope")
                .flatMap(scope -> Stream.of("job_" + step.job(), step.sluid())
                        .filter(Objects::nonNull)
                        .map(job -> inSlice.child(scope, job, stepName())));
    }

    /** The cgroup that holds init's, as Slurm has it; systemd keeps itself in {@code init.scope}. */
    private CgroupPath v2Root() {
        return init.unified().map(line -> path(line).parent()).orElse(CgroupPath.ROOT);
    }

    private String stepName() {
        return step.hetComponent() == null ? "step_extern" : "step_extern+" + step.hetComponent();
    }

    private static boolean isIn(Line line, CgroupPath place) {
        return !line.deleted() && path(line).isIn(place);
    }

    private static CgroupPath path(Line line) {
        return CgroupPath.of(line.path());
    }

    private static String shortened(Collection<Line> lines) {
        String where = lines.stream().map(Line::toString).collect(Collectors.joining(", "));
        if (where.isEmpty()) {
            return "neither a freezer nor cgroup v2 is mounted";
        }
        return where.length() <= MAX_WHERE ? where : where.substring(0, MAX_WHERE) + "…";
    }
}
