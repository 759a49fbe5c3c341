package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import io.adoptd.slurmd.stepd.StepdAnswer.Told;
import io.adoptd.slurmd.wire.DecodeException;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import jnr.constants.platform.Errno;
import jnr.enxio.channels.NativeException;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;
import jnr.unixsocket.Credentials;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * One conversation with one slurmstepd: connect, see who listens, say hello, then the turns of an {@link Exchange}.
 * The socket is connected where that may block, and then belongs to the loop's thread, where all else happens. Source: unix(7), connect(2), Slurm src/slurmd/slurmstepd/req.c.
 */
final class Conversation<T> implements StepdLoop.Listener {

    private static final Logger log = LoggerFactory.getLogger(Conversation.class);

    /** A full backlog refuses at once and does not say when it has room: so connect is tried again, ever more slowly. */
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long USUAL_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(16);

    /** How long one that no login waits for may be kept waiting for its turn to connect. */
    private static final long TURN_AT_MOST_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** {@code sun_path} of unix(7), without its NUL. */
    private static final int MAX_PATH = 107;

    /**
     * What all conversations of a node share.
     *
     * @param opening where sockets are connected: that looks up a path, which on a dead mount never comes back
     */
    record Setting(StepdLoop loop, Executor opening, DescriptorReceiver descriptors, LastSeenVersion lastSeen) {}

    /**
     * Whom to talk to.
     *
     * @param trusted the uids that may listen there
     */
    record Partner(Path socket, LongPredicate trusted) {}

    /** Who is told what came of it, once, on the loop's thread, unless the loop has ended before it began. */
    interface Outcome<T> {

        /** Its socket has been tried: from here on its time is the slurmstepd's. Once, or never. */
        default void begun() {}

        void answered(StepdAnswer<T> answer);

        /** A fault of ours. */
        void broke(RuntimeException e);
    }

    private final Setting setting;
    private final Partner partner;
    private final Exchange<T> exchange;
    private final Outcome<T> outcome;
    private final long beganNanos;
    private final Duration patience;

    /** Whether its time begins when its socket is tried, however many wait for that before it. */
    private final boolean waitsItsTurn;

    /** Whether it is settled who closes the descriptors: whoever was given the answer, or this conversation. */
    private final AtomicBoolean settled;

    private final List<Integer> taken = new ArrayList<>();
    private StepdLoop.@Nullable Timed giveUp;
    private @Nullable UnixSocketChannel channel;
    private @Nullable IoRegistration listening;
    private @Nullable Turn<T> turn;
    private ByteBuffer hearing = ByteBuffer.allocate(0);
    private String awaited = "a connection";
    private long pauseNanos = FIRST_PAUSE_NANOS;
    private int heard;
    private boolean begun;
    private boolean over;

    private Conversation(
            Setting setting,
            Partner partner,
            Exchange<T> exchange,
            Duration patience,
            boolean waitsItsTurn,
            Outcome<T> outcome,
            AtomicBoolean settled) {
        this.setting = setting;
        this.partner = partner;
        this.exchange = exchange;
        this.outcome = outcome;
        this.settled = settled;
        this.beganNanos = System.nanoTime();
        this.patience = patience;
        this.waitsItsTurn = waitsItsTurn;
    }

    /**
     * Has the conversation. A cancel closes the socket; descriptors that nobody was given are closed.
     *
     * @return exactly one answer, on the loop's thread, at the deadline the latest; whatever the slurmstepd does is an
     *     answer. It must be requested on subscription, as operators do
     */
    static <T> Mono<StepdAnswer<T>> of(Setting setting, Partner partner, Exchange<T> exchange, Deadline deadline) {
        return Mono.defer(() -> {
            if (deadline.hasPassed()) {
                return Mono.just(new Failed<>(StepdFault.SILENT, "no time left to ask"));
            }
            var settled = new AtomicBoolean();
            return Mono.<StepdAnswer<T>>create(sink -> {
                        var conversation = new Conversation<>(
                                setting, partner, exchange, deadline.remaining(), false, told(sink), settled);
                        sink.onCancel(conversation::cancel);
                        conversation.begin();
                    })
                    .doOnNext(answer -> handOver(settled));
        });
    }

    /**
     * Has one that asks for no descriptors, and that no login waits for.
     *
     * @param patience how long it may take once its socket has been tried
     * @return what to call to close the socket, from any thread; the outcome may still be told
     */
    static <T> Runnable begin(
            Setting setting, Partner partner, Exchange<T> exchange, Duration patience, Outcome<T> outcome) {
        var conversation = new Conversation<>(setting, partner, exchange, patience, true, outcome, new AtomicBoolean());
        conversation.begin();
        return conversation::cancel;
    }

    private static <T> Outcome<T> told(MonoSink<StepdAnswer<T>> sink) {
        return new Outcome<>() {
            @Override
            public void answered(StepdAnswer<T> answer) {
                sink.success(answer);
            }

            @Override
            public void broke(RuntimeException e) {
                sink.error(e);
            }
        };
    }

    private static void handOver(AtomicBoolean settled) {
        if (!settled.compareAndSet(false, true)) {
            throw new IllegalStateException("the answer was not requested when it came: its descriptors are closed");
        }
    }

    private void begin() {
        try {
            setting.loop().execute(this::enter);
        } catch (RejectedExecutionException e) {
            outcome.answered(new Failed<>(StepdFault.UNASKED, String.valueOf(e.getMessage())));
            return;
        }
        openAside(null);
    }

    /** @param pending a socket that was not taken before; null for a new one */
    private void openAside(@Nullable UnixSocketChannel pending) {
        try {
            setting.opening().execute(() -> handOver(open(pending)));
        } catch (RejectedExecutionException e) {
            handOver(new Opened(pending, false, new IOException("too many sockets wait to be connected")));
        }
    }

    /**
     * What came of connecting.
     *
     * @param socket null if there is none
     * @param failure null if it may yet be connected, or is
     */
    private record Opened(
            @Nullable UnixSocketChannel socket,
            boolean connected,
            @Nullable Exception failure) {}

    /** Where this may block. */
    private Opened open(@Nullable UnixSocketChannel pending) {
        UnixSocketChannel socket = pending;
        try {
            if (socket == null) {
                socket = UnixSocketChannel.create();
                socket.configureBlocking(false);
            }
            return new Opened(socket, isConnected(socket), null);
        } catch (IOException | RuntimeException e) {
            return new Opened(socket, false, e);
        }
    }

    private void handOver(Opened opened) {
        try {
            setting.loop().execute(() -> take(opened));
        } catch (RejectedExecutionException e) {
            release(opened.socket());
        }
    }

    private void cancel() {
        try {
            setting.loop().execute(this::close);
        } catch (RejectedExecutionException e) {
            log.debug("{} was abandoned", partner.socket());
        }
    }

    // From here on: the loop's thread.

    private void enter() {
        if (over) {
            return;
        }
        giveUpAt(beganNanos + patience.toNanos() + (waitsItsTurn ? TURN_AT_MOST_NANOS : 0));
        setting.loop().enter(this);
        if (partner.socket().toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH) {
            fail(StepdFault.UNASKED, "the path of its socket is longer than " + MAX_PATH + " bytes");
        }
    }

    private void giveUpAt(long nanos) {
        if (giveUp != null) {
            giveUp.cancel();
        }
        giveUp = setting.loop().executeAt(nanos, this::giveUp);
    }

    private void take(Opened opened) {
        if (!over && !begun) {
            begun = true;
            if (waitsItsTurn) {
                giveUpAt(System.nanoTime() + patience.toNanos());
            }
            outcome.begun();
        }
        if (over) {
            release(opened.socket());
        } else if (opened.failure() == null && !opened.connected()) {
            awaited = "room in its backlog";
            long now = System.nanoTime();
            setting.loop().executeAt(now + pauseNanos, () -> openAside(opened.socket()));
            pauseNanos = Math.min(2 * pauseNanos, Math.max(USUAL_PAUSE_NANOS, (now - beganNanos) / 4));
        } else {
            channel = opened.socket();
            attempt(() -> greet(opened));
        }
    }

    private void greet(Opened opened) throws IOException {
        if (opened.failure() instanceof IOException refused) {
            throw refused;
        }
        if (opened.failure() instanceof RuntimeException bug) {
            throw bug;
        }
        greet(socket());
    }

    private boolean isConnected(UnixSocketChannel socket) throws IOException {
        try {
            return socket.isConnectionPending()
                    ? socket.finishConnect()
                    : socket.connect(new UnixSocketAddress(partner.socket().toString()));
        } catch (NativeException e) {
            throw e;
        } catch (IOException e) {
            // JNR keeps the errno to itself here, but it is still the thread's last.
            throw new NativeException(
                    e.getMessage(), Errno.valueOf(LastError.getLastError(Runtime.getSystemRuntime())));
        }
    }

    private void greet(UnixSocketChannel socket) throws IOException {
        Credentials peer = socket.getOption(UnixSocketOptions.SO_PEERCRED);
        long uid = Integer.toUnsignedLong(peer.getUid());
        if (!partner.trusted().test(uid)) {
            log.warn("security.stepd_untrusted socket=\"{}\" uid={} pid={}", partner.socket(), uid, peer.getPid());
            fail(StepdFault.UNTRUSTED, "uid " + uid + " listens there, as pid " + peer.getPid());
            return;
        }
        listening = setting.loop().listen(socket, this);
        proceed(Requests.hello(exchange.early(peer.getPid()), version -> {
            setting.lastSeen().saw(version);
            return exchange.with(new Exchange.Peer(version, peer.getPid()));
        }));
    }

    /** Says what is to be said, up to the next turn that has to wait. */
    private void proceed(Turn<T> next) throws IOException {
        Turn<T> now = next;
        while (now instanceof Turn.Say<T> say) {
            say(say.words());
            now = say.then();
        }
        if (now instanceof Turn.Done<T> done) {
            finish(done.answer());
            return;
        }
        if (now instanceof Turn.Hear<T> hear) {
            hearing = ByteBuffer.allocate(hear.length());
            awaited = hear.field();
        }
        turn = now;
    }

    /** The little that is ever said finds room in an empty socket; else nobody reads there. */
    private void say(List<Integer> words) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(words.size() * Integer.BYTES).order(ByteOrder.nativeOrder());
        words.forEach(bytes::putInt);
        int length = bytes.flip().remaining();
        if (socket().write(bytes) != length) {
            throw new IOException("it does not take a request of " + length + " bytes");
        }
    }

    @Override
    public void readable() {
        attempt(() -> {
            if (turn instanceof Turn.Hear<T> hear) {
                hear(hear);
            } else if (turn instanceof Turn.Take<T> take) {
                take(take);
            }
        });
    }

    private void hear(Turn.Hear<T> hear) throws IOException {
        if (socket().read(hearing) < 0) {
            fail(StepdFault.GONE, "hung up before its " + awaited);
        } else if (!hearing.hasRemaining()) {
            int offset = heard;
            heard += hear.length();
            proceed(hear.then().apply(new Reply(hear.field(), offset, hearing.array())));
        }
    }

    private void take(Turn.Take<T> take) throws IOException {
        int fd;
        try {
            fd = setting.descriptors().receive(socket().getFD());
        } catch (IOException e) {
            fail(StepdFault.UNREADABLE, "the descriptor after its " + awaited + " did not come: " + e.getMessage());
            return;
        }
        if (fd == DescriptorReceiver.NOTHING_YET) {
            return;
        }
        taken.add(fd);
        heard++;
        proceed(take.then().apply(fd));
    }

    /** Every fault of the slurmstepd is an answer; anything else is our bug and stays an error. */
    private void attempt(Attempt attempt) {
        if (over) {
            return;
        }
        try {
            attempt.run();
        } catch (DecodeException e) {
            fail(StepdFault.UNREADABLE, String.valueOf(e.getMessage()));
        } catch (NativeException e) {
            fail(
                    meaning(e.getErrno()),
                    "while waiting for " + awaited + ": " + e.getErrno().name());
        } catch (IOException e) {
            fail(StepdFault.UNASKED, "while waiting for " + awaited + ": " + e.getMessage());
        } catch (RuntimeException e) {
            close();
            outcome.broke(e);
        }
    }

    private static StepdFault meaning(Errno errno) {
        return switch (errno) {
            case ENOENT, ECONNREFUSED -> StepdFault.ABSENT;
            case ECONNRESET, EPIPE -> StepdFault.GONE;
            default -> StepdFault.UNASKED;
        };
    }

    /** Not before what has come is heard: it may have waited behind others, or for adoptd to be let run again. */
    private void giveUp() {
        int before = -1;
        while (!over && heard > before) {
            before = heard;
            readable();
        }
        if (!over) {
            fail(StepdFault.SILENT, "still waiting for " + awaited);
        }
    }

    @Override
    public void abandon() {
        fail(StepdFault.SILENT, "adoptd ends, still waiting for " + awaited);
    }

    private void fail(StepdFault fault, String why) {
        close();
        outcome.answered(new Failed<>(fault, why));
    }

    private void finish(T answer) {
        List<Integer> given = List.copyOf(taken);
        taken.clear();
        close();
        outcome.answered(new Told<>(answer));
        if (!given.isEmpty() && settled.compareAndSet(false, true)) {
            given.forEach(setting.descriptors()::close);
        }
    }

    private void close() {
        if (over) {
            return;
        }
        over = true;
        setting.loop().leave(this);
        if (giveUp != null) {
            giveUp.cancel();
        }
        if (listening != null) {
            listening.cancel();
        }
        taken.forEach(setting.descriptors()::close);
        release(channel);
    }

    private void release(@Nullable UnixSocketChannel socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            log.debug("{} did not close", partner.socket(), e);
        }
    }

    private UnixSocketChannel socket() {
        return Objects.requireNonNull(channel, "a turn before the connection");
    }

    private interface Attempt {
        void run() throws IOException;
    }
}
