package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.wire.DecodeException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The requests of {@code step_msg_t} that adoptd makes, with their replies. Native byte order, no framing, no padding.
 * Source: Slurm src/common/stepd_api.c, src/slurmd/slurmstepd/req.c.
 */
final class Requests {

    private static final int SLUID = 1;
    private static final int STATE = 5;
    private static final int PID_IN_CONTAINER = 8;
    private static final int DAEMON_PID = 9;
    private static final int TASK_INFO = 14;
    private static final int LIST_PIDS = 15;
    private static final int UID = 20;
    private static final int ADD_EXTERN_PID = 22;
    private static final int X11_DISPLAY = 23;
    private static final int GET_NS_FD = 26;
    private static final int GET_NS_FDS = 28;

    private static final long NO_UID = 0xffff_ffffL;
    private static final int MAX_DISPLAY = 65_535;
    private static final int MAX_PATH = 4096;
    private static final int MAX_NAMESPACES = 8;
    private static final int MAX_TASKS = 4096;
    private static final int MAX_PIDS = 4096;

    private Requests() {}

    static <T> Turn<T> hello(Function<StepdVersion, Turn<T>> then) {
        return hello(List.of(), then);
    }

    /** Hello, and in the same write what {@link Exchange#early} says. */
    static <T> Turn<T> hello(List<Integer> early, Function<StepdVersion, Turn<T>> then) {
        return new Turn.Say<>(
                Stream.concat(Stream.of(StepdVersion.HELLO), early.stream()).toList(),
                new Turn.Hear<>("version", Integer.BYTES, reply -> then.apply(StepdVersion.decode(reply))));
    }

    /** Whose job it is. */
    static <T> Turn<T> uid(Function<Uid, Turn<T>> then) {
        return new Turn.Say<>(List.of(UID), uidReply(then));
    }

    private static <T> Turn<T> uidReply(Function<Uid, Turn<T>> then) {
        return new Turn.Hear<>("uid", Integer.BYTES, reply -> then.apply(uidOf(reply)));
    }

    /** All that is to be known of an extern step, with the hello. */
    static Exchange<Extern> extern() {
        return new Exchange<>() {
            @Override
            public List<Integer> early(int pid) {
                return List.of(UID, STATE);
            }

            @Override
            public Turn<Extern> with(Peer peer) {
                return uidReply(uid -> new Turn.Hear<>("state", Integer.BYTES, state -> {
                    boolean starting = peer.version().isStarting(state);
                    return peer.version().tellsSluid()
                            ? sluid(sluid -> new Turn.Done<>(new Extern(uid, peer.pid(), starting, sluid)))
                            : new Turn.Done<>(new Extern(uid, peer.pid(), starting, null));
                }));
            }
        };
    }

    /**
     * Adopts a process, with the hello if the slurmstepd is the one that told whose job it runs. Any other at the same
     * socket is asked that first, and adopts nothing unless the job is the same user's.
     *
     * @param stepdPid of the slurmstepd that told; 0 if none is known
     * @return 0 is yes, −1 is no, anything else is not Slurm's; empty if the job is another user's
     */
    static Exchange<OptionalInt> adopt(int process, Uid owner, int stepdPid) {
        return new Exchange<>() {
            @Override
            public List<Integer> early(int pid) {
                return pid == stepdPid ? List.of(ADD_EXTERN_PID, process) : List.of(UID);
            }

            @Override
            public Turn<OptionalInt> with(Peer peer) {
                return peer.pid() == stepdPid
                        ? rcReply(rc -> new Turn.Done<>(OptionalInt.of(rc)))
                        : uidReply(uid -> uid.equals(owner)
                                ? addExternPid(process, rc -> new Turn.Done<>(OptionalInt.of(rc)))
                                : new Turn.Done<>(OptionalInt.empty()));
            }
        };
    }

    /** The job's SLUID, null for none; only where {@link StepdVersion#tellsSluid}. */
    static <T> Turn<T> sluid(Function<@Nullable Sluid, Turn<T>> then) {
        return ask("sluid", Long.BYTES, reply -> then.apply(Sluid.ofNumber(reply.uint64())), SLUID);
    }

    static <T> Turn<T> state(StepdVersion version, Function<StepState, Turn<T>> then) {
        return ask("state", Integer.BYTES, reply -> then.apply(version.state(reply)), STATE);
    }

    /** The pid of the slurmstepd itself. */
    static <T> Turn<T> daemonPid(IntFunction<Turn<T>> then) {
        return ask("daemon_pid", Integer.BYTES, reply -> then.apply(pidOf(reply)), DAEMON_PID);
    }

    /** The tasks of the step on this node. */
    static <T> Turn<T> taskInfo(Function<List<StepTask>, Turn<T>> then) {
        return ask("task_count", Integer.BYTES, reply -> tasks(inBounds(reply, 0, MAX_TASKS), then), TASK_INFO);
    }

    private static <T> Turn<T> tasks(int count, Function<List<StepTask>, Turn<T>> then) {
        return count == 0
                ? then.apply(List.of())
                : new Turn.Hear<>(
                        "tasks",
                        count * StepTask.LENGTH,
                        reply -> then.apply(IntStream.range(0, count)
                                .mapToObj(task -> taskOf(reply, task * StepTask.LENGTH))
                                .toList()));
    }

    private static StepTask taskOf(Reply reply, int at) {
        return new StepTask(
                reply.int32(at),
                Integer.toUnsignedLong(reply.int32(at + 4)),
                reply.int32(at + 8),
                reply.bool(at + 12),
                reply.int32(at + 13));
    }

    /** The processes of the step on this node. */
    static <T> Turn<T> listPids(Function<List<Integer>, Turn<T>> then) {
        return ask("pid_count", Integer.BYTES, reply -> pids(inBounds(reply, 0, MAX_PIDS), then), LIST_PIDS);
    }

    private static <T> Turn<T> pids(int count, Function<List<Integer>, Turn<T>> then) {
        return count == 0
                ? then.apply(List.of())
                : new Turn.Hear<>(
                        "pids",
                        count * Integer.BYTES,
                        reply -> then.apply(IntStream.range(0, count)
                                .mapToObj(pid -> pidOf(reply, pid * Integer.BYTES))
                                .toList()));
    }

    private static int pidOf(Reply reply, int at) {
        int pid = reply.int32(at);
        if (pid < 1) {
            throw reply.refused(pid + " is no pid");
        }
        return pid;
    }

    static <T> Turn<T> pidInContainer(int pid, Function<Boolean, Turn<T>> then) {
        return ask("pid_in_container", Byte.BYTES, reply -> then.apply(reply.bool()), PID_IN_CONTAINER, pid);
    }

    /** Adopts a process: 0 is yes, −1 is no, anything else is not Slurm's. */
    static <T> Turn<T> addExternPid(int pid, IntFunction<Turn<T>> then) {
        return new Turn.Say<>(List.of(ADD_EXTERN_PID, pid), rcReply(then));
    }

    private static <T> Turn<T> rcReply(IntFunction<Turn<T>> then) {
        return new Turn.Hear<>("rc", Integer.BYTES, reply -> then.apply(reply.int32()));
    }

    static <T> Turn<T> x11Display(Function<X11Display, Turn<T>> then) {
        return ask(
                "x11_display",
                Integer.BYTES,
                display -> new Turn.Hear<>(
                        "xauthority_len",
                        Integer.BYTES,
                        length -> xauthority(displayOf(display), lengthOf(length), then)),
                X11_DISPLAY);
    }

    private static <T> Turn<T> xauthority(int display, int length, Function<X11Display, Turn<T>> then) {
        return length == 0
                ? then.apply(new X11Display(display, null))
                : new Turn.Hear<>("xauthority", length, path -> then.apply(new X11Display(display, pathOf(path))));
    }

    /** The descriptors of the step's namespaces, in the order in which they are to be joined. */
    static <T> Turn<T> namespaces(StepdVersion version, Function<List<Namespace>, Turn<T>> then) {
        return version.listsNamespaces()
                ? ask("ns_count", Integer.BYTES, count -> nextNamespace(countOf(count), List.of(), then), GET_NS_FDS)
                : ask("ns_fd", Integer.BYTES, fd -> oneNamespace(hasNamespace(fd), then), GET_NS_FD);
    }

    private static <T> Turn<T> nextNamespace(int left, List<Namespace> taken, Function<List<Namespace>, Turn<T>> then) {
        return left == 0
                ? then.apply(taken)
                : new Turn.Hear<>("ns_type", Integer.BYTES, reply -> {
                    int type = typeOf(reply);
                    return new Turn.Take<>(fd -> nextNamespace(left - 1, with(taken, new Namespace(type, fd)), then));
                });
    }

    private static <T> Turn<T> oneNamespace(boolean follows, Function<List<Namespace>, Turn<T>> then) {
        return follows
                ? new Turn.Take<>(fd -> then.apply(List.of(new Namespace(Namespace.ANY, fd))))
                : then.apply(List.of());
    }

    private static <T> Turn<T> ask(String field, int length, Function<Reply, Turn<T>> then, Integer... words) {
        return new Turn.Say<>(List.of(words), new Turn.Hear<>(field, length, then));
    }

    private static Uid uidOf(Reply reply) {
        long uid = reply.uint32();
        if (uid == NO_UID) {
            throw reply.refused(uid + " is no uid");
        }
        return new Uid(uid);
    }

    private static int pidOf(Reply reply) {
        return inBounds(reply, 1, Integer.MAX_VALUE);
    }

    private static int displayOf(Reply reply) {
        return inBounds(reply, 0, MAX_DISPLAY);
    }

    private static int lengthOf(Reply reply) {
        return inBounds(reply, 0, MAX_PATH);
    }

    private static int countOf(Reply reply) {
        return inBounds(reply, 0, MAX_NAMESPACES);
    }

    /** The number is the slurmstepd's own of the descriptor, and says no more than whether one follows. */
    private static boolean hasNamespace(Reply reply) {
        return inBounds(reply, 0, Integer.MAX_VALUE) > 0;
    }

    private static int typeOf(Reply reply) {
        int type = reply.int32();
        if (!Namespace.isType(type)) {
            throw reply.refused("0x" + Integer.toHexString(type) + " is no namespace that can be joined");
        }
        return type;
    }

    private static @Nullable String pathOf(Reply reply) {
        String path = reply.text();
        if (path.chars().anyMatch(Character::isISOControl)) {
            throw reply.refused("a control character in it");
        }
        return path.isEmpty() ? null : path;
    }

    private static int inBounds(Reply reply, int least, int most) throws DecodeException {
        int number = reply.int32();
        if (number < least || number > most) {
            throw reply.refused(number + " is not within " + least + " and " + most);
        }
        return number;
    }

    private static List<Namespace> with(List<Namespace> some, Namespace another) {
        var all = new ArrayList<>(some);
        all.add(another);
        return List.copyOf(all);
    }
}
