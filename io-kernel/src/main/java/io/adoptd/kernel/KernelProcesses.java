package io.adoptd.kernel;

import io.adoptd.kernel.cgroup.CgroupMembership;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import io.adoptd.kernel.limits.ResourceLimits;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.kernel.proc.ProcCgroup;
import io.adoptd.kernel.proc.ProcEnviron;
import io.adoptd.kernel.proc.ProcException;
import io.adoptd.kernel.proc.ProcLimits;
import io.adoptd.kernel.proc.ProcStat;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Membership;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Processes;
import io.adoptd.pipeline.time.BlockingCalls;
import io.adoptd.pipeline.time.Deadline;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Reads processes from {@code /proc}. The kernel tells a process's {@code stat} and {@code status} from memory, without
 * sleeping (fs/proc/array.c), so these may be read on an event loop. So it does {@code limits}. Whatever else blocks:
 *
 * <ul>
 *   <li>{@code cgroup} waits for those who change cgroups just then; a lock that only the kernel and root can hold for
 *       long, and that stops every fork on the node then. Such reads have two threads of their own, {@code proc-1} and
 *       {@code proc-2}, and a queue for as many as there may be logins.
 *   <li>{@code environ} waits for the process's mmap lock, which the process's user can hold for ever. What is read of a
 *       job's processes is read by {@link UserReads}, and never on the threads that any other login needs.
 *   <li>{@code cmdline}, {@code maps}, {@code exe}, {@code cwd}, {@code fd} and what is below them wait for that lock, or
 *       for file systems of the user's. They are not read.
 * </ul>
 */
public final class KernelProcesses implements Processes, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(KernelProcesses.class);

    private static final int INIT = 1;

    /** Open files that sshd's own process needs for a login: its sockets and pipes, wtmp, what PAM's modules read. */
    static final long LEAST_NOFILE = 64;

    private final Proc proc;
    private volatile @Nullable ProcCgroup init;
    private final BlockingCalls reads = new BlockingCalls("proc", LoginPipeline.MOST_AT_ONCE);
    private final UserReads userReads = new UserReads();

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

    @Override
    public Mono<Boolean> isStill(LoginProcess process) {
        return Mono.fromSupplier(() -> isStillOrUnknown(process));
    }

    @Override
    public Mono<Membership> membership(LoginProcess process, ExternStep step, Deadline deadline) {
        return ask(() -> membershipOrWhyNot(process, step), deadline, Membership.Unreadable::new);
    }

    /**
     * Which process is at the other end of a Unix socket. All happens while this is being subscribed to, on the thread
     * that subscribes, which must own the socket; nothing waits there. The process is held by a pidfd until its start is
     * known, if the kernel has them: from Linux 6.5 on no recycled pid can be mistaken for it, from 5.3 on none recycled
     * during this call.
     *
     * @return exactly one answer
     */
    public Mono<PeerAnswer> identify(int socket) {
        return identify(socket, this::identified);
    }

    /**
     * The parent of the process at the other end of a Unix socket, when that one is a helper of it: of the same user, as
     * sshd's are. Otherwise as {@link #identify(int)}; the credentials in the answer are the helper's.
     */
    public Mono<PeerAnswer> identifyParent(int socket) {
        return identify(socket, this::identifiedParent);
    }

    private static Mono<PeerAnswer> identify(int socket, Function<Peer, PeerAnswer> question) {
        return Mono.fromSupplier(() -> {
            try (Peer peer = Peer.of(socket)) {
                return question.apply(peer);
            } catch (KernelException refused) {
                return new PeerAnswer.Unidentified(words(refused));
            }
        });
    }

    /**
     * The environment of a process of a user's. Its real uid has to be the user's before and after the reading, and it
     * the same process. Reading another user's takes {@code CAP_SYS_PTRACE}.
     *
     * @return exactly one answer, at the deadline the latest
     */
    public Mono<EnvironmentAnswer> environment(int pid, Uid owner, Deadline deadline) {
        return askUsers(owner, () -> environmentOrWhyNot(pid, owner), deadline, EnvironmentAnswer.Untold::new);
    }

    private EnvironmentAnswer environmentOrWhyNot(int pid, Uid owner) {
        try {
            OptionalLong startTicks = startTicks(pid);
            if (startTicks.isEmpty()) {
                return new EnvironmentAnswer.Untold("pid " + pid + " has ended");
            }
            var process = new LoginProcess(pid, startTicks.getAsLong());
            Optional<ProcEnviron> environ = isOf(owner, pid) ? proc.environ(pid) : Optional.empty();
            return environ.isPresent() && isOf(owner, pid) && isSame(process)
                    ? new EnvironmentAnswer.Told(environ.get().variables())
                    : new EnvironmentAnswer.Untold("pid " + pid + " has ended, or is not uid " + owner + "'s");
        } catch (KernelException | ProcException e) {
            return new EnvironmentAnswer.Untold(words(e));
        }
    }

    private boolean isOf(Uid owner, int pid) throws KernelException, ProcException {
        return proc.status(pid)
                .filter(status -> status.realUid() == owner.value())
                .isPresent();
    }

    /**
     * Gives a process the limits of another, both bounds of each. A user may lower what a process of theirs has, and sshd
     * has to live with it: so {@code nofile} is not set below {@link #LEAST_NOFILE}. Raising a hard bound takes
     * {@code CAP_SYS_RESOURCE}.
     *
     * <p>prlimit(2) knows processes by their pids alone, so both are looked at before and after. Who is to be given
     * limits waits for it, which keeps its pid its own.
     *
     * @param from a process of {@code owner}'s: its real uid has to be that
     * @return exactly one answer, at the deadline the latest; after a timeout some may still be set
     */
    public Mono<LimitsAnswer> copyLimits(
            int from, Uid owner, LoginProcess to, Set<Resource> resources, Deadline deadline) {
        var asked = new TreeSet<>(resources);
        return askUsers(owner, () -> copied(from, owner, to, asked), deadline, why -> LimitsAnswer.none(asked, why));
    }

    private LimitsAnswer copied(int from, Uid owner, LoginProcess to, SortedSet<Resource> asked) {
        try {
            Optional<ProcLimits> limits = limitsOf(from, owner);
            return limits.isEmpty()
                    ? LimitsAnswer.none(asked, "pid " + from + " has ended, or is not uid " + owner + "'s")
                    : given(to, limits.get(), asked);
        } catch (KernelException | ProcException e) {
            return LimitsAnswer.none(asked, words(e));
        }
    }

    private Optional<ProcLimits> limitsOf(int pid, Uid owner) throws KernelException, ProcException {
        OptionalLong startTicks = startTicks(pid);
        if (startTicks.isEmpty() || !isOf(owner, pid)) {
            return Optional.empty();
        }
        Optional<ProcLimits> limits = proc.limits(pid);
        boolean same = isOf(owner, pid) && isSame(new LoginProcess(pid, startTicks.getAsLong()));
        return same ? limits : Optional.empty();
    }

    private LimitsAnswer given(LoginProcess to, ProcLimits limits, SortedSet<Resource> asked)
            throws KernelException, ProcException {
        var set = new TreeMap<Resource, Limit>();
        var unset = new TreeMap<Resource, String>();
        for (Resource resource : asked) {
            Limit limit = limits.limits().get(resource);
            String why = givenOrWhyNot(to, resource, limit);
            if (limit != null && why.isEmpty()) {
                set.put(resource, limit);
            } else {
                unset.put(resource, why);
            }
        }
        return isSame(to) ? new LimitsAnswer(set, unset) : LimitsAnswer.none(asked, "the session has ended");
    }

    /** Empty if it was given. */
    private String givenOrWhyNot(LoginProcess to, Resource resource, @Nullable Limit limit) throws ProcException {
        if (limit == null) {
            return "the kernel does not tell it";
        }
        if (resource == Resource.NOFILE && limit.isBelow(LEAST_NOFILE)) {
            return "below " + LEAST_NOFILE + ", which sshd needs itself";
        }
        try {
            if (!isSame(to)) {
                return "the session has ended";
            }
            ResourceLimits.set(to.pid(), resource, limit);
            return "";
        } catch (KernelException e) {
            return words(e);
        }
    }

    /**
     * When a process started, in clock ticks since boot. Does not wait.
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
                        : reads.call(own -> question.call(), deadline))
                .onErrorResume(TimeoutException.class, late -> Mono.just(unanswered.apply("timed out")))
                .onErrorResume(
                        RejectedExecutionException.class,
                        full -> Mono.just(unanswered.apply("too many processes to be read at once")));
    }

    /** Of a process that its user may keep from being read. */
    private <T> Mono<T> askUsers(Uid owner, Callable<T> question, Deadline deadline, Function<String, T> unanswered) {
        return Mono.defer(() -> deadline.hasPassed()
                        ? Mono.<T>error(new TimeoutException())
                        : userReads.call(owner, question, deadline))
                .onErrorResume(TimeoutException.class, late -> Mono.just(unanswered.apply("timed out")))
                .onErrorResume(
                        RejectedExecutionException.class, refused -> Mono.just(unanswered.apply(words(refused))));
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
        if (process.isEmpty()) {
            return new Membership.Unreadable("no cgroup in /proc/" + pid);
        }
        ProcCgroup known = init;
        if (known != null) {
            Membership place = CgroupMembership.of(process.get(), known, step);
            if (place instanceof Membership.InStep) {
                return place;
            }
        }
        Optional<ProcCgroup> now = proc.cgroup(INIT); // it moves once at most, while the host starts
        init = now.orElse(null);
        return now.isPresent()
                ? CgroupMembership.of(process.get(), now.get(), step)
                : new Membership.Unreadable("no cgroup in /proc/" + INIT);
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
        boolean still = isSame(helper.process())
                && proc.stat(helper.process().pid())
                        .filter(again -> again.parent() == parent)
                        .isPresent();
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
        reads.shutdownNow();
        userReads.shutdownNow();
    }
}
