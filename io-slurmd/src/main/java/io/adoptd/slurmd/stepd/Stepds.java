package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.LocalNode;
import io.adoptd.slurmd.conf.LocalNodes;
import io.adoptd.slurmd.conf.NodeFaultException;
import io.adoptd.slurmd.conf.SlurmConf;
import io.adoptd.slurmd.conf.SlurmConfSource;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The slurmstepds of this node: finds their sockets and talks to them. One thread has all conversations; another two,
 * {@code spool}, read files.
 */
public final class Stepds implements AutoCloseable {

    private static final int SPOOL_THREADS = 2;
    private static final int MAX_WAITING = 1024;
    private static final int SPOOL_IDLE_SECONDS = 60;

    private final SlurmConfSource conf;
    private final LocalNodes nodes;
    private final Uid own;
    private final Conversation.Setting setting;
    private final Scheduler spool =
            Schedulers.newBoundedElastic(SPOOL_THREADS, MAX_WAITING, "spool", SPOOL_IDLE_SECONDS, true);

    private Stepds(SlurmConfSource conf, LocalNodes nodes, Uid own, Conversation.Setting setting) {
        this.conf = conf;
        this.nodes = nodes;
        this.own = own;
        this.setting = setting;
    }

    /**
     * Loads JNR's native code, which takes a while, and starts the thread of the conversations.
     *
     * @param own the user that adoptd itself runs as: its slurmstepds are trusted, as root's, SlurmUser's and SlurmdUser's
     * @param lastSeen is told every version that is heard
     */
    public static Stepds open(
            SlurmConfSource conf, LocalNodes nodes, Uid own, DescriptorReceiver descriptors, LastSeenVersion lastSeen)
            throws IOException {
        return new Stepds(conf, nodes, own, new Conversation.Setting(StepdLoop.open(), descriptors, lastSeen));
    }

    /** Ends the threads; conversations that are still on are answered as silent. */
    @Override
    public void close() {
        setting.loop().close();
        spool.dispose();
    }

    /** Where to find a node's steps, and who may listen there. */
    record Place(SpoolDirectory directory, LongPredicate trusted) {

        Conversation.Partner partner(Path socket) {
            return new Conversation.Partner(socket, trusted);
        }
    }

    /** Blocking. */
    Place place(@Nullable NodeName given) throws NodeFaultException {
        SlurmConf now = conf.current();
        LocalNode node = nodes.find(now, given);
        return new Place(new SpoolDirectory(node.expand(now.slurmdSpoolDir()), node.name()), trusted(now));
    }

    private LongPredicate trusted(SlurmConf now) {
        Set<Long> uids = Stream.concat(Stream.of(new Uid(0), own), now.daemonUsers())
                .map(Uid::value)
                .collect(Collectors.toSet());
        return uids::contains;
    }

    /**
     * Does blocking work on one of the {@code spool} threads.
     *
     * @return errors with {@link TimeoutException} at the deadline, which frees the caller and not the thread, and with
     *     {@link RejectedExecutionException} when too many wait already
     */
    <R> Mono<R> read(Callable<R> work, Deadline deadline) {
        return Mono.defer(
                () -> Mono.fromCallable(work).subscribeOn(spool).timeout(deadline.remaining(), deadline.timers()));
    }

    /** Has one conversation. Answered on the thread of the conversations. */
    <T> Mono<StepdAnswer<T>> ask(Conversation.Partner partner, Exchange<T> exchange, Deadline deadline) {
        return Conversation.of(setting, partner, exchange, deadline);
    }

    /** Finds the step's slurmstepd and has one conversation with it. */
    <T> Mono<StepdAnswer<T>> ask(ExternStep step, Exchange<T> exchange, Deadline deadline) {
        return read(() -> place(step.node()), deadline)
                .map(place -> ask(place.partner(place.directory().socketOf(step)), exchange, deadline))
                .onErrorResume(Stepds::isUnasked, e -> Mono.just(Mono.just(unasked(e))))
                .flatMap(conversation -> conversation);
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
}
