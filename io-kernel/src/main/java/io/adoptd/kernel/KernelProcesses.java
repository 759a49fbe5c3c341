package io.adoptd.kernel;

import io.adoptd.kernel.cgroup.CgroupMembership;
import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.pidfd.Pidfd;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.kernel.proc.ProcCgroup;
import io.adoptd.kernel.proc.ProcException;
import io.adoptd.kernel.proc.ProcStat;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.Deadline;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Reads processes from {@code /proc}. Reads block, so they have two threads of their own, {@code proc-1} and
 * {@code proc-2}, and a queue that refuses what it cannot hold; threads that the kernel never lets go cost no more than
 * these two.
 */
public final class KernelProcesses implements Processes, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(KernelProcesses.class);

    private static final int THREADS = 2;
    private static final int MAX_WAITING = 512;
    private static final int INIT = 1;
    private static final int SIGTERM = 15;

    private final Proc proc;
    private final Scheduler reads = Schedulers.fromExecutorService(executor(), "proc");

    /**
     * Reads this host's {@code /proc}, beginning with this very process: that loads what the first login would have to
     * wait for, and shows that {@code /proc} is readable and of this pid namespace.
     */
    public static KernelProcesses ofThisHost() throws KernelException, ProcException {
        var proc = new Proc("/proc");
        int self = Math.toIntExact(ProcessHandle.current().pid());
        if (proc.stat(self).isEmpty()
                || proc.cgroup(self).isEmpty()
                || proc.cgroup(INIT).isEmpty()) {
            throw new ProcException("/proc does not show this process and init", "pid " + self);
        }
        return new KernelProcesses(proc);
    }

    KernelProcesses(Proc proc) {
        this.proc = proc;
    }

    private static ThreadPoolExecutor executor() {
        var count = new AtomicInteger();
        return new ThreadPoolExecutor(
                THREADS, THREADS, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                    var thread = new Thread(task, "proc-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    @Override
    public Mono<Boolean> isStill(LoginProcess process, Deadline deadline) {
        return ask(() -> isStillOrUnknown(process), deadline, why -> false);
    }

    @Override
    public Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline) {
        return ask(() -> membershipOrWhyNot(process, step), deadline, Membership.Unreadable::new);
    }

    /**
     * Which process is at the other end of a Unix socket. The socket is only used while this is being subscribed to, on
     * the thread that subscribes, which must own it; nothing waits there. The process is held by a pidfd until its start
     * is known, if the kernel has them: from Linux 6.5 on no recycled pid can be mistaken for it, from 5.3 on none
     * recycled during this call.
     *
     * @return exactly one answer, at the deadline the latest
     */
    public Mono<PeerAnswer> identify(int socket, Deadline deadline) {
        return identify(socket, this::identified, deadline);
    }

    /**
     * The parent of the process at the other end of a Unix socket, when that one is a helper of it: of the same user, as
     * sshd's are. Otherwise as {@link #identify(int, Deadline)}; the credentials in the answer are the helper's.
     */
    public Mono<PeerAnswer> identifyParent(int socket, Deadline deadline) {
        return identify(socket, this::identifiedParent, deadline);
    }

    private Mono<PeerAnswer> identify(int socket, Function<Peer, PeerAnswer> question, Deadline deadline) {
        return Mono.using(
                        () -> Peer.of(socket),
                        peer -> ask(() -> question.apply(peer), deadline, PeerAnswer.Unidentified::new),
                        Peer::close)
                .onErrorResume(
                        KernelException.class, refused -> Mono.just(new PeerAnswer.Unidentified(words(refused))));
    }

    /**
     * Asks a process to end: SIGTERM, if it is still the same.
     *
     * @return exactly one answer, at the deadline the latest: what came of it, for the log
     */
    public Mono<String> end(LoginProcess process, Deadline deadline) {
        return ask(() -> ended(process), deadline, why -> why);
    }

    private String ended(LoginProcess process) {
        try (Pidfd held = Pidfd.open(process.pid())) {
            if (!isSame(process)) { // held first: what is true of the pid now is true of what is held
                return "gone";
            }
            held.signal(SIGTERM);
            return "asked to end";
        } catch (KernelException | ProcException e) {
            return e instanceof KernelException refused && refused.errno() == Errno.ESRCH ? "gone" : words(e);
        }
    }

    /**
     * When a process started, in clock ticks since boot. Blocks: for a thread that may.
     *
     * @return empty when there is no such process, or only its remains
     */
    public OptionalLong startTicks(int pid) throws KernelException, ProcException {
        Optional<ProcStat> alive = proc.stat(pid).filter(ProcStat::isAlive);
        return alive.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(alive.get().startTicks());
    }

    private <T> Mono<T> ask(Callable<T> question, Deadline deadline, Function<String, T> unanswered) {
        return Mono.defer(() -> deadline.hasPassed()
                        ? Mono.<T>error(new TimeoutException())
                        : Mono.fromCallable(question)
                                .subscribeOn(reads)
                                .timeout(deadline.remaining(), deadline.timers()))
                .onErrorResume(TimeoutException.class, late -> Mono.just(unanswered.apply("timed out")))
                .onErrorResume(
                        RejectedExecutionException.class,
                        full -> Mono.just(unanswered.apply("too many processes to be read at once")));
    }

    private boolean isStillOrUnknown(LoginProcess process) {
        try {
            return isSame(process);
        } catch (KernelException | ProcException e) {
            LOG.debug("process unreadable", e);
            return false;
        }
    }

    private Membership membershipOrWhyNot(LoginProcess process, ExternStep step) {
        try {
            Membership place = place(process.pid(), step);
            return isSame(process) ? place : new Membership.ProcessGone(); // asked last: it answers for the place too
        } catch (KernelException | ProcException e) {
            return new Membership.Unreadable(words(e));
        }
    }

    private boolean isSame(LoginProcess process) throws KernelException, ProcException {
        OptionalLong startTicks = startTicks(process.pid());
        return startTicks.isPresent() && startTicks.getAsLong() == process.startTicks();
    }

    private Membership place(int pid, ExternStep step) throws KernelException, ProcException {
        Optional<ProcCgroup> process = proc.cgroup(pid);
        Optional<ProcCgroup> init = proc.cgroup(INIT);
        return process.isPresent() && init.isPresent()
                ? CgroupMembership.of(process.get(), init.get(), step)
                : new Membership.Unreadable("no cgroup in /proc/" + (process.isPresent() ? INIT : pid));
    }

    private PeerAnswer identified(Peer peer) {
        int pid = peer.credentials().pid();
        try {
            OptionalLong startTicks = pid == 0 ? OptionalLong.empty() : startTicks(pid);
            return startTicks.isPresent() && peer.isAlive()
                    ? new PeerAnswer.Identified(new LoginProcess(pid, startTicks.getAsLong()), peer.credentials())
                    : new PeerAnswer.Unidentified(pid == 0 ? "it is in another pid namespace" : "it has ended");
        } catch (KernelException | ProcException e) {
            return new PeerAnswer.Unidentified(words(e));
        }
    }

    private PeerAnswer identifiedParent(Peer helper) {
        PeerAnswer itself = identified(helper);
        return itself.fold(
                known -> {
                    try {
                        return parentOf(known);
                    } catch (KernelException | ProcException e) {
                        return new PeerAnswer.Unidentified(words(e));
                    }
                },
                unknown -> unknown);
    }

    /** A child's parent is the same for as long as both live, or init; so the child is looked at again, last. */
    private PeerAnswer parentOf(PeerAnswer.Identified helper) throws KernelException, ProcException {
        Optional<ProcStat> child = proc.stat(helper.process().pid());
        int parent = child.map(ProcStat::parent).orElse(0);
        if (parent <= INIT) {
            return new PeerAnswer.Unidentified("a helper without a parent");
        }
        OptionalLong startTicks = startTicks(parent);
        boolean sameUser = proc.status(parent)
                .filter(status -> status.effectiveUid() == helper.credentials().uid())
                .isPresent();
        boolean still =
                isSame(helper.process()) && proc.stat(helper.process().pid()).equals(child);
        return startTicks.isPresent() && sameUser && still
                ? new PeerAnswer.Identified(new LoginProcess(parent, startTicks.getAsLong()), helper.credentials())
                : new PeerAnswer.Unidentified(
                        sameUser ? "the helper's parent has ended" : "the helper's parent is another user's");
    }

    private static String words(Exception e) {
        return String.valueOf(e.getMessage());
    }

    /** Gives the threads back. Questions still open are answered at their deadlines, later ones at once. */
    @Override
    public void close() {
        reads.dispose();
    }
}
