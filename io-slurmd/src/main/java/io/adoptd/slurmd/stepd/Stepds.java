package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.BlockingCalls;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.LocalNode;
import io.adoptd.slurmd.conf.LocalNodes;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmConfSource;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The slurmstepds of this node: finds their sockets, knows what they told, and talks to them. The event loop that it is
 * given has all conversations; two threads of its own, {@code spool}, read files. None of them wakes for it while nothing
 * is asked, unless a slurmstepd is silent.
 */
public final class Stepds implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Stepds.class);

    /** The inquiries of a whole directory, twice, and for each login those of its job's steps. */
    private static final int MAX_CONNECTS =
            2 * SpoolDirectory.MAX_ENTRIES + JobTasks.MOST_STEPS * LoginPipeline.MOST_AT_ONCE;

    private static final Duration CONNECT_IDLE = Duration.ofSeconds(10);

    /** As many nodes as the PAM lines of one host may name. What was known of the others is forgotten. */
    private static final int MOST_NODES = 16;

    private final SlurmConfSource conf;
    private final LocalNodes nodes;
    private final Uid own;
    private final Conversation.Setting setting;

    /** The same for what is asked of slurmstepds without a login: many at once, which no login's turn waits for. */
    private final Conversation.Setting inquiring;

    private final StepsSettings settings;
    private final BlockingCalls files;
    private final World world;
    private final List<ThreadPoolExecutor> connects;
    private final Inquiry.Turns turns = new Inquiry.Turns();
    private final Map<NodeName, KnownSteps> known = new ConcurrentHashMap<>();
    private volatile @Nullable Sought lastSought;

    private Stepds(
            SlurmConfSource conf,
            LocalNodes nodes,
            Uid own,
            IntToLongFunction startTicks,
            Conversation.Setting setting,
            Conversation.Setting inquiring,
            BlockingCalls files,
            List<ThreadPoolExecutor> connects,
            StepsSettings settings) {
        this.files = files;
        this.connects = connects;
        this.conf = conf;
        this.nodes = nodes;
        this.own = own;
        this.setting = setting;
        this.inquiring = inquiring;
        this.settings = settings;
        this.world = new World(startTicks);
    }

    /**
     * Loads JNR's native code, which takes a while, and starts the threads that read files.
     *
     * @param loop one of epoll(7), which has all conversations, and stays its owner's
     * @param own the user that adoptd itself runs as: its slurmstepds are trusted, as root's, SlurmUser's and SlurmdUser's
     * @param startTicks when a process started, in clock ticks since boot; 0 when that cannot be told. May block
     * @param lastSeen is told every version that is heard
     */
    public static Stepds open(
            EventLoop loop,
            SlurmConfSource conf,
            LocalNodes nodes,
            Uid own,
            IntToLongFunction startTicks,
            DescriptorReceiver descriptors,
            LastSeenVersion lastSeen,
            StepsSettings settings)
            throws IOException {
        var files = new BlockingCalls("spool", 2 * LoginPipeline.MOST_AT_ONCE);
        ThreadPoolExecutor connects = connects("connect");
        ThreadPoolExecutor inquiries = connects("inquire");
        var setting =
                new Conversation.Setting(StepdLoop.on(loop), task -> connect(task, connects), descriptors, lastSeen);
        var inquiring = new Conversation.Setting(setting.loop(), inquiries, descriptors, lastSeen);
        return new Stepds(
                conf, nodes, own, startTicks, setting, inquiring, files, List.of(connects, inquiries), settings);
    }

    /** For those who connect on no spool thread: as many as a directory may have sockets. The thread ends when idle. */
    private static ThreadPoolExecutor connects(String name) {
        var executor = new ThreadPoolExecutor(
                1,
                1,
                CONNECT_IDLE.toSeconds(),
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_CONNECTS),
                task -> new BlockingCalls.Worker(task, name));
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** A login's own spool thread connects at once, for it may wait as it may for the directory. */
    private static void connect(Runnable task, ThreadPoolExecutor connects) {
        if (Thread.currentThread() instanceof BlockingCalls.Worker) {
            task.run();
        } else {
            connects.execute(task);
        }
    }

    /** Ends the threads, and the conversations that are still on: they are answered as silent. */
    @Override
    public void close() {
        setting.loop().close();
        files.shutdownNow();
        connects.forEach(ThreadPoolExecutor::shutdownNow);
    }

    /** What is known of the node's extern steps, for an administrator. Looks at nothing, and never blocks. */
    public StepsReport report() {
        List<Inquiry> all =
                known.values().stream().flatMap(KnownSteps::inquiries).toList();
        Map<Knowledge.Standing, Long> counts = all.stream()
                .collect(Collectors.groupingBy(inquiry -> inquiry.knowledge().standing(), Collectors.counting()));
        List<StepsReport.Silent> silent = all.stream()
                .flatMap(inquiry -> inquiry.silence().stream())
                .sorted(Comparator.comparing(StepsReport.Silent::since))
                .limit(StepsReport.MOST_LISTED)
                .toList();
        return new StepsReport(
                count(counts, Knowledge.Standing.KNOWN),
                count(counts, Knowledge.Standing.UNASKED),
                count(counts, Knowledge.Standing.ENDED),
                count(counts, Knowledge.Standing.SILENT),
                silent);
    }

    private static int count(Map<Knowledge.Standing, Long> counts, Knowledge.Standing standing) {
        return counts.getOrDefault(standing, 0L).intValue();
    }

    /** Forgets all that is known of extern steps: the next login asks every slurmstepd anew. Never blocks. */
    public void forget() {
        known.values().forEach(KnownSteps::forget);
    }

    StepsSettings settings() {
        return settings;
    }

    /** Where to find a node's steps, and who may listen there. */
    record Place(SpoolDirectory directory, LongPredicate trusted) {

        Conversation.Partner partner(Path socket) {
            return new Conversation.Partner(socket, trusted);
        }
    }

    /** A place, and what it was found by. */
    private record Sought(SlurmConf conf, LocalNode node, Place place) {

        @SuppressWarnings("ReferenceEquality") // one reading is one object, and its nodes may be many
        boolean isBy(SlurmConf now, LocalNode found) {
            return conf == now && node.equals(found);
        }
    }

    /** Blocking. The same object, while slurm.conf and the host's name are the same. */
    Place place(@Nullable NodeName given) throws NodeFaultException {
        SlurmConf now = conf.current();
        LocalNode node = nodes.find(now, given);
        Sought last = lastSought;
        if (last != null && last.isBy(now, node)) {
            return last.place();
        }
        var place = new Place(new SpoolDirectory(node.expand(now.slurmdSpoolDir()), node.name()), trusted(now));
        lastSought = new Sought(now, node, place);
        return place;
    }

    private LongPredicate trusted(SlurmConf now) {
        Set<Long> uids = Stream.concat(Stream.of(new Uid(0), own), now.daemonUsers())
                .map(Uid::value)
                .collect(Collectors.toSet());
        return uids::contains;
    }

    /**
     * The node as one look has found it.
     *
     * @param deadline what is left of the time of whoever looked, since their turn came
     */
    record View(KnownSteps.Sight sight, Deadline deadline) {}

    /** Looks at the node as it is now. On a {@code spool} thread; errors as {@link #read} does, or as the node's fault. */
    Mono<View> look(Uid owner, @Nullable NodeName given, Deadline deadline) {
        return read(
                own -> {
                    Place place = place(given);
                    return new View(knownAt(place.directory()).look(owner, place.trusted()), own);
                },
                deadline);
    }

    private KnownSteps knownAt(SpoolDirectory directory) {
        KnownSteps steps = known.get(directory.node());
        return steps != null && steps.directory().equals(directory) ? steps : begin(directory);
    }

    private synchronized KnownSteps begin(SpoolDirectory directory) {
        if (known.size() >= MOST_NODES) {
            known.values().forEach(KnownSteps::forget);
            known.clear();
        }
        KnownSteps before = known.get(directory.node());
        if (before != null && before.directory().equals(directory)) {
            return before;
        }
        if (before != null) {
            before.forget();
        }
        var steps = new KnownSteps(directory, world, turns);
        known.put(directory.node(), steps);
        return steps;
    }

    /** Does blocking work: {@link BlockingCalls#call}. */
    <R> Mono<R> read(BlockingCalls.Work<R> work, Deadline deadline) {
        return files.call(work, deadline);
    }

    /**
     * Tells the step's slurmstepd to adopt a process. Nothing is looked up for a step that a login has found before; and
     * one that did not answer is not told again before it is heard, so that it costs one login its slice and those that
     * come right behind {@link Inquiry#SUSPICION} at most.
     */
    Mono<StepdAnswer<OptionalInt>> adopt(int process, ExternStep step, Deadline deadline) {
        return Mono.defer(() -> acquaintance(step)
                .map(met -> adopt(process, step, met, deadline))
                .orElseGet(() -> ask(step, Requests.adopt(process, step.owner(), 0), deadline)));
    }

    private Mono<StepdAnswer<OptionalInt>> adopt(
            int process, ExternStep step, KnownSteps.Acquaintance met, Deadline deadline) {
        boolean suspect = met.inquiry().isSuspect();
        if (met.inquiry().isDeaf()) {
            return Mono.just(new Failed<>(StepdFault.SILENT, "remembered: it did not answer"));
        }
        Deadline own = suspect ? deadline.slice(Inquiry.SUSPICION) : deadline;
        boolean fair = own.remaining().compareTo(Inquiry.LEAST_PATIENCE) >= 0;
        long began = world.nanos();
        return Conversation.of(setting, met.partner(), Requests.adopt(process, step.owner(), met.pid()), own)
                .doOnNext(answer -> {
                    if (answer.fold(told -> true, failed -> false)) {
                        met.inquiry().answersAdoptions();
                    } else if (fair && answer.fold(told -> false, failed -> failed.fault() == StepdFault.SILENT)) {
                        world.execute(() -> met.inquiry().suspect(began));
                    }
                });
    }

    /**
     * Does what is asked of the step's slurmstepd for a login in its turn there, which a login that has not found the step
     * before need not wait for.
     */
    <T> Mono<T> inTurn(ExternStep step, Deadline deadline, Function<Deadline, Mono<T>> work, Mono<T> noTurn) {
        return Mono.defer(() -> acquaintance(step)
                .map(met -> met.inquiry().adoptions().inTurn(deadline, work, noTurn))
                .orElseGet(() -> work.apply(deadline)));
    }

    /** The slurmstepd that has told of the step; empty if none has, or it is not known any more. */
    Optional<KnownSteps.Acquaintance> acquaintance(ExternStep step) {
        return Optional.ofNullable(known.get(step.node())).flatMap(steps -> steps.of(step));
    }

    /**
     * A slurmstepd of our own, which refuses to adopt.
     *
     * @param socket where it may listen: a path that does not exist, in a directory that only we can write
     */
    public Rehearsal rehearsal(Path socket) throws IOException {
        var unheard = new Conversation.Setting(
                setting.loop(), setting.opening(), setting.descriptors(), new LastSeenVersion());
        return Rehearsal.with(unheard, new Conversation.Partner(socket, uid -> uid == own.value()), own);
    }

    /** Has one conversation. Answered on the thread of the conversations. */
    <T> Mono<StepdAnswer<T>> ask(Conversation.Partner partner, Exchange<T> exchange, Deadline deadline) {
        return Conversation.of(setting, partner, exchange, deadline);
    }

    /** Finds the step's slurmstepd and has one conversation with it. Answered on the thread of the conversations. */
    <T> Mono<StepdAnswer<T>> ask(ExternStep step, Exchange<T> exchange, Deadline deadline) {
        return Mono.defer(() -> acquaintance(step)
                .map(met -> Conversation.of(setting, met.partner(), exchange, deadline))
                .orElseGet(() -> find(step, deadline)
                        .map(partner -> Conversation.of(setting, partner, exchange, deadline))
                        .onErrorResume(Stepds::isUnasked, e -> Mono.just(Mono.just(unasked(e))))
                        .flatMap(conversation -> conversation)));
    }

    private Mono<Conversation.Partner> find(ExternStep step, Deadline deadline) {
        return read(
                own -> {
                    Place place = place(step.node());
                    return place.partner(place.directory().socketOf(step));
                },
                deadline);
    }

    /** Closes the descriptor of a namespace that {@link StepdQuestions#namespaces} gave. */
    void close(Namespace namespace) {
        setting.descriptors().close(namespace.fd());
    }

    private static boolean isUnasked(Throwable e) {
        return e instanceof NodeFaultException || isOverdue(e);
    }

    /** Whether {@link #read} came to nothing for want of time or room. */
    static boolean isOverdue(Throwable e) {
        return e instanceof TimeoutException || e instanceof RejectedExecutionException;
    }

    private static <T> StepdAnswer<T> unasked(Throwable e) {
        return e instanceof TimeoutException
                ? new Failed<>(StepdFault.SILENT, "slurm.conf could not be read in time")
                : new Failed<>(StepdFault.UNASKED, String.valueOf(e.getMessage()));
    }

    private final class World implements StepWorld {

        private final IntToLongFunction startTicks;

        World(IntToLongFunction startTicks) {
            this.startTicks = startTicks;
        }

        @Override
        public void execute(Runnable task) {
            try {
                setting.loop().execute(task);
            } catch (RejectedExecutionException e) {
                log.debug("too late: adoptd ends");
            }
        }

        @Override
        public void later(Duration delay, Runnable task) {
            setting.loop().executeAt(System.nanoTime() + delay.toNanos(), task);
        }

        @Override
        public void aside(Runnable blocking) {
            files.execute(blocking);
        }

        @Override
        public Runnable ask(
                Conversation.Partner partner,
                Exchange<Extern> exchange,
                Duration patience,
                Conversation.Outcome<Extern> told) {
            return Conversation.begin(inquiring, partner, exchange, patience, told);
        }

        @Override
        public long startTicks(int pid) {
            return startTicks.applyAsLong(pid);
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public Instant now() {
            return Instant.now();
        }
    }
}
