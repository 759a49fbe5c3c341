package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.NodeFaultException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Finds the processes that a job's user has running on this node, by asking the slurmstepds of its other steps: the
 * extern step itself has only what was adopted.
 */
public final class JobTasks {

    /** {@code SLURM_BATCH_SCRIPT} and {@code SLURM_INTERACTIVE_STEP}; steps above the last are Slurm's own. slurm/slurm.h */
    private static final long BATCH = 0xffff_fffbL;

    private static final long INTERACTIVE = 0xffff_fffaL;
    private static final long LAST_STEP = 0xffff_ffefL;

    static final int MOST_STEPS = 8;
    private static final int MOST_PIDS = 64;
    private static final int MOST_ENTRIES = 20_000;

    private final Stepds stepds;

    public JobTasks(Stepds stepds) {
        this.stepds = stepds;
    }

    /**
     * The processes of the job on this node: of the batch script, of the interactive step, of the first steps by their
     * numbers. At most {@value #MOST_STEPS} slurmstepds are asked, all at once; they have nine tenths of the time, so that
     * what the others said is not lost to a silent one.
     *
     * @param step the job's extern step; its owner has to be the others' too
     * @return exactly one answer, at the deadline the latest; whatever goes wrong is in it
     */
    public Mono<TasksAnswer> of(ExternStep step, Deadline deadline) {
        return Mono.defer(() -> {
                    Deadline early =
                            deadline.slice(deadline.remaining().multipliedBy(9).dividedBy(10));
                    return stepds.read(own -> survey(step), deadline)
                            .flatMap(survey -> askAll(survey, step.owner(), early));
                })
                .onErrorResume(JobTasks::unasked);
    }

    /** Where the other steps of the job are, those first that are likeliest to have what the user set up. */
    private record Survey(Stepds.Place place, List<StepEntry> steps) {}

    private record StepEntry(long step, Path socket) {

        static final Comparator<StepEntry> LIKELIEST_FIRST = Comparator.comparingLong(StepEntry::rank)
                .thenComparing(entry -> entry.socket().toString());

        private long rank() {
            return step == BATCH ? -2 : step == INTERACTIVE ? -1 : step;
        }
    }

    private Survey survey(ExternStep step) throws NodeFaultException {
        Stepds.Place place = stepds.place(step.node());
        return new Survey(place, steps(place.directory(), step));
    }

    private static List<StepEntry> steps(SpoolDirectory spool, ExternStep step) throws NodeFaultException {
        Pattern form = form(spool.node(), step);
        var steps = new TreeSet<>(StepEntry.LIKELIEST_FIRST);
        int entries = 0;
        try (DirectoryStream<Path> directory = Files.newDirectoryStream(spool.path())) {
            for (Path entry : directory) {
                if (++entries > MOST_ENTRIES) {
                    throw unreadable(spool, "more than " + MOST_ENTRIES + " entries");
                }
                step(form, entry).ifPresent(steps::add);
                if (steps.size() > MOST_STEPS) {
                    steps.pollLast();
                }
            }
        } catch (DirectoryIteratorException e) {
            throw unreadable(spool, String.valueOf(e.getCause()));
        } catch (IOException e) {
            throw unreadable(spool, e.toString());
        }
        return List.copyOf(steps);
    }

    private static Pattern form(NodeName node, ExternStep step) {
        return Pattern.compile(
                Pattern.quote(node.value()) + "_" + step.job() + "\\.(0|[1-9][0-9]{0,9})(?:\\.[0-9]{1,10})?");
    }

    private static Optional<StepEntry> step(Pattern form, Path entry) {
        Matcher name = form.matcher(entry.getFileName().toString());
        if (!name.matches()) {
            return Optional.empty();
        }
        long step = Long.parseLong(name.group(1));
        return step <= LAST_STEP || step == BATCH || step == INTERACTIVE
                ? Optional.of(new StepEntry(step, entry))
                : Optional.empty();
    }

    private static NodeFaultException unreadable(SpoolDirectory spool, String why) {
        return new NodeFaultException(Reason.SPOOL_UNREADABLE, "spool directory " + spool.path() + ": " + why);
    }

    private Mono<TasksAnswer> askAll(Survey survey, Uid owner, Deadline early) {
        return Flux.fromIterable(survey.steps())
                .flatMapSequential(step -> ask(survey.place(), step, owner, early), MOST_STEPS)
                .collectList()
                .map(JobTasks::together);
    }

    private Mono<TasksAnswer> ask(Stepds.Place place, StepEntry step, Uid owner, Deadline early) {
        return stepds.ask(place.partner(step.socket()), peer -> pids(peer, owner), early)
                .map(answer -> answer.fold(
                        pids -> new TasksAnswer(pids, ""),
                        failed -> new TasksAnswer(
                                List.of(), step.socket().getFileName() + ": " + failed.fault() + ", " + failed.why())));
    }

    /** Tasks go before what they have started; a slurmstepd counts itself among the latter. */
    private static Turn<List<Integer>> pids(Exchange.Peer peer, Uid owner) {
        return Requests.uid(uid -> uid.equals(owner)
                ? Requests.taskInfo(tasks ->
                        runningOr(tasks, Requests.listPids(all -> new Turn.Done<>(without(peer, all)))))
                : new Turn.Done<>(List.of()));
    }

    private static Turn<List<Integer>> runningOr(List<StepTask> tasks, Turn<List<Integer>> otherwise) {
        List<Integer> running = tasks.stream()
                .filter(StepTask::isRunning)
                .map(StepTask::pid)
                .limit(MOST_PIDS)
                .toList();
        return running.isEmpty() ? otherwise : new Turn.Done<>(running);
    }

    private static List<Integer> without(Exchange.Peer peer, List<Integer> pids) {
        return pids.stream().filter(pid -> pid != peer.pid()).limit(MOST_PIDS).toList();
    }

    private static TasksAnswer together(List<TasksAnswer> answers) {
        return new TasksAnswer(
                answers.stream()
                        .flatMap(answer -> answer.pids().stream())
                        .distinct()
                        .limit(MOST_PIDS)
                        .toList(),
                answers.stream()
                        .map(TasksAnswer::why)
                        .filter(why -> !why.isEmpty())
                        .collect(Collectors.joining("; ")));
    }

    /** What the node does wrong is an answer. Anything else is our bug and stays an error. */
    private static Mono<TasksAnswer> unasked(Throwable e) {
        if (e instanceof TimeoutException) {
            return Mono.just(new TasksAnswer(List.of(), "slurm.conf or the spool directory took too long"));
        }
        return e instanceof NodeFaultException || Stepds.isOverdue(e)
                ? Mono.just(new TasksAnswer(List.of(), String.valueOf(e.getMessage())))
                : Mono.error(e);
    }
}
