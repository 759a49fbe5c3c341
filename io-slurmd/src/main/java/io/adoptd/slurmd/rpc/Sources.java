package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.CalleridAnswer.NoAnswer;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.rpc.Outcome.Sign;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The slurmds at the sources of logins, as far as earlier logins got to know them. It spares a login the wait for one
 * that does not answer, and a slurmd the questions of a storm.
 *
 * <p><b>Memory.</b> A slurmd that drops the connection's packets, or takes the connection and does not answer, costs one
 * login its slice; from then on it is <i>silent</i>, and whoever would ask it is told so at once. One that has answered
 * anybody meanwhile is slow, not silent: it looks at every descriptor of its node for each answer. It is asked again off
 * the logins' path, with the question of the last login from there: opening the port would not do, for a stopped slurmd
 * has its connections taken by the kernel. The pause before that doubles each time; the first answer, whatever it says,
 * ends the silence, and so does an answer that comes late to a login still waiting. When no login asked for a while it
 * is forgotten, and not asked any more.
 *
 * <p>Only silence is remembered: it costs a login time that no answer pays for. A port that refuses answers within one round trip,
 * and may be a slurmd's in the next moment. An answer that is unreadable or not to be trusted comes as quickly, and
 * remembering it would let one forged answer, or one restart of munged, keep out the true answers that follow.
 *
 * <p><b>Storms.</b> While nothing is known of a slurmd, one login connects and the others wait whether it gets through:
 * what they ask differs, but not whether somebody is there. If the port refuses or nobody answers they share that; else
 * so many at once are let through, and the rest follow as these end. Their wait is not the slurmd's time: it counts
 * against what the login has in all, and the slice begins with the turn. Past the bound of those who wait the answer is
 * {@link Failure#BUSY}, at once.
 *
 * <p>Any thread may call. Nothing blocks; no timer runs while nothing is remembered.
 */
public final class Sources implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Sources.class);

    /**
     * What a login gives a slurmd, and what one gets that is asked again. Both positive.
     *
     * @param connect to take the connection
     * @param answer from then on
     */
    public record Patience(Duration connect, Duration answer) {

        /** Of a budget, what has to have passed before a slurmd is called silent: the rest may have gone elsewhere. */
        private static final double NEARLY_ALL = 0.9;

        public Patience {
            if (!isPositive(connect) || !isPositive(answer)) {
                throw new IllegalArgumentException("no time");
            }
        }

        /** In all. */
        Duration total() {
            return connect.plus(answer);
        }

        /** Whether a slurmd that had so much of a budget may be called silent. */
        static boolean isUsedUp(Duration budget, Duration waited) {
            return waited.toNanos() >= NEARLY_ALL * budget.toNanos();
        }
    }

    /**
     * All positive.
     *
     * @param atOne questions that one slurmd is asked at once
     * @param inAll questions asked at once, each of which has a connection
     * @param waiting logins that wait for their turn at once
     * @param remembered silent slurmds that are remembered; past it the one that was asked for longest ago is forgotten
     * @param firstPause until a silent slurmd is asked again; doubled each time
     * @param longestPause what it is doubled up to
     * @param unasked how long after the last login from there a silent slurmd is forgotten
     * @param probes silent slurmds that are asked again at once
     */
    public record Limits(
            int atOne,
            int inAll,
            int waiting,
            int remembered,
            Duration firstPause,
            Duration longestPause,
            Duration unasked,
            int probes,
            Patience patience) {

        public static final Limits DEFAULT = new Limits(
                16,
                512,
                1_024,
                1_024,
                Duration.ofSeconds(10),
                Duration.ofMinutes(5),
                Duration.ofMinutes(30),
                8,
                new Patience(Duration.ofMillis(800), Duration.ofSeconds(5)));

        public Limits {
            if (atOne < 1 || inAll < 1 || waiting < 1 || remembered < 1 || probes < 1) {
                throw new IllegalArgumentException("a limit of none");
            }
            if (!isPositive(firstPause) || !isPositive(unasked)) {
                throw new IllegalArgumentException("no time");
            }
            if (longestPause.compareTo(firstPause) < 0) {
                throw new IllegalArgumentException("the longest pause is shorter than the first");
            }
        }

        /** These, with the patience of the logins. */
        public Limits withPatience(Patience logins) {
            return new Limits(atOne, inAll, waiting, remembered, firstPause, longestPause, unasked, probes, logins);
        }
    }

    private static boolean isPositive(Duration time) {
        return !time.isZero() && !time.isNegative();
    }

    /**
     * A slurmd that does not answer.
     *
     * @param what happened when it was last asked
     * @param since how long ago it was first found silent
     * @param nextProbe until it is asked again; zero while it is being asked
     * @param probes how often it was asked again
     * @param spared logins that did not have to wait for it
     */
    public record SilentSource(
            InetAddress address, int port, String what, Duration since, Duration nextProbe, int probes, long spared) {}

    /** A question to one slurmd. Every subscription asks anew. */
    interface Question {
        /**
         * Asks.
         *
         * @param reached to be called when the slurmd's port has taken the connection
         * @return exactly one outcome, at the deadline the latest; an error is a bug of ours
         */
        Mono<Outcome> ask(Deadline deadline, Runnable reached);
    }

    private final LoginClock clock;
    private volatile Limits limits;

    // All below is guarded by this.
    private final Map<InetSocketAddress, Traffic> asked = new HashMap<>();
    private final Set<Turn> waiting = new LinkedHashSet<>();
    private int open;

    /** The one that was asked for longest ago comes first. */
    private final Map<InetSocketAddress, Silence> silent = new LinkedHashMap<>();

    private int probing;
    private @Nullable Disposable timer;
    private long timerAt;
    private boolean closed;

    /** Remembers by {@code clock}, the one of the logins. */
    public Sources(Limits limits, LoginClock clock) {
        this.limits = limits;
        this.clock = clock;
    }

    /**
     * Puts a question to a slurmd, unless that is known to be of no use.
     *
     * @param deadline renewed when the question's turn has come: until then others are asking, not this slurmd silent. A
     *     turn that comes late leaves at least the time to connect, if the deadline has room for that
     * @return exactly one answer, at the deadline the latest; the question's error
     */
    Mono<CalleridAnswer> ask(InetSocketAddress slurmd, Question question, Deadline deadline) {
        return Mono.using(
                () -> arrive(slurmd, question),
                turn -> turn.comes(deadline.turn(limits.patience().connect()))
                        .flatMap(grant ->
                                grant.fold(put -> put(turn, deadline.renewed()), told -> Mono.just(told.answer()))),
                this::leave);
    }

    /** What a slurmd gets of a login. */
    Patience patience() {
        return limits.patience();
    }

    /** Whether nobody is asked and nobody waits: for tests. */
    synchronized boolean isIdle() {
        return open == 0 && waiting.isEmpty() && asked.isEmpty();
    }

    /** Goes on with these limits, and with what is remembered. They hold for what comes from now on. */
    public void adjust(Limits now) {
        limits = now;
    }

    /** The slurmds that are remembered as silent; the one that was asked for longest ago comes first. */
    public synchronized List<SilentSource> silent() {
        long now = clock.now();
        return silent.values().stream().map(silence -> silence.seenAt(now)).toList();
    }

    /** Forgets the silence of all slurmds at this address: the next login asks. Returns how many they were. */
    public int forget(InetAddress address) {
        return forget(silence -> silence.slurmd.getAddress().equals(address));
    }

    /** Forgets all. Returns how many they were. */
    public int forgetAll() {
        return forget(silence -> true);
    }

    /** No silent slurmd is asked any more. */
    @Override
    public synchronized void close() {
        closed = true;
        silent.clear();
        wakeInTime();
    }

    // ---- turns ----

    private Mono<CalleridAnswer> put(Turn turn, Deadline deadline) {
        return turn.question
                .ask(deadline, () -> reached(turn.slurmd))
                .doOnNext(outcome -> learn(turn, outcome))
                .map(Outcome::answer);
    }

    private synchronized Turn arrive(InetSocketAddress slurmd, Question question) {
        var turn = new Turn(slurmd, question);
        Silence silence = silent.remove(slurmd);
        if (silence != null) {
            silent.put(slurmd, silence);
            silence.spare(question, clock.now());
            turn.tell(silence.answer(clock.now()));
            return turn;
        }
        Traffic traffic = asked.computeIfAbsent(slurmd, none -> new Traffic());
        if (traffic.waiting == 0 && mayOpen(traffic)) {
            open(turn, traffic);
        } else if (waiting.size() >= limits.waiting()) {
            turn.tell(new NoAnswer(Failure.BUSY, limits.waiting() + " logins wait already"));
        } else {
            turn.state = Turn.State.WAITING;
            traffic.waiting++;
            waiting.add(turn);
        }
        return turn;
    }

    private boolean mayOpen(Traffic traffic) {
        return open < limits.inAll() && traffic.open < (traffic.reached ? limits.atOne() : 1);
    }

    private void open(Turn turn, Traffic traffic) {
        traffic.open++;
        open++;
        turn.openedAt = clock.now();
        turn.state = Turn.State.OPEN;
    }

    /** Ended, told, or gone away: whatever it held is somebody else's now. */
    private void leave(Turn turn) {
        List<Turn> next;
        synchronized (this) {
            Traffic traffic = asked.get(turn.slurmd);
            if (turn.state == Turn.State.WAITING) {
                stopWaiting(turn);
            } else if (turn.state == Turn.State.OPEN && traffic != null) {
                traffic.open--;
                open--;
            }
            turn.state = Turn.State.OVER;
            if (traffic != null && traffic.open == 0 && traffic.waiting == 0) {
                asked.remove(turn.slurmd);
            }
            next = nextInTurn();
        }
        handOver(next);
    }

    private void reached(InetSocketAddress slurmd) {
        List<Turn> next;
        synchronized (this) {
            Traffic traffic = asked.get(slurmd);
            if (traffic == null || traffic.reached) {
                return;
            }
            traffic.reached = true;
            next = nextInTurn();
        }
        handOver(next);
    }

    private List<Turn> nextInTurn() {
        var next = new ArrayList<Turn>();
        for (Iterator<Turn> inOrder = waiting.iterator(); inOrder.hasNext() && open < limits.inAll(); ) {
            Turn turn = inOrder.next();
            Traffic traffic = asked.get(turn.slurmd);
            if (traffic != null && mayOpen(traffic)) {
                inOrder.remove();
                traffic.waiting--;
                open(turn, traffic);
                next.add(turn);
            }
        }
        return next;
    }

    private void learn(Turn turn, Outcome outcome) {
        List<Turn> told;
        synchronized (this) {
            Traffic traffic = asked.get(turn.slurmd);
            switch (outcome.sign()) {
                case SILENT -> {
                    if (traffic != null && traffic.hasAnsweredSince(turn.openedAt)) {
                        return; // slow, or busy with others
                    }
                    remember(turn, outcome.answer());
                }
                case ALIVE -> {
                    silent.remove(turn.slurmd);
                    if (traffic != null) {
                        traffic.answered(clock.now());
                    }
                }
                case NONE -> {
                    return;
                }
            }
            wakeInTime();
            Silence silence = silent.get(turn.slurmd);
            if (silence != null) {
                told = tellThoseWaitingFor(turn.slurmd, silence.answer(clock.now()));
            } else if (traffic != null && !traffic.reached) {
                told = tellThoseWaitingFor(turn.slurmd, outcome.answer()); // refused, or no way there: the same for all
            } else {
                return;
            }
        }
        handOver(told);
    }

    private List<Turn> tellThoseWaitingFor(InetSocketAddress slurmd, CalleridAnswer answer) {
        List<Turn> told =
                waiting.stream().filter(turn -> turn.slurmd.equals(slurmd)).toList();
        for (Turn turn : told) {
            stopWaiting(turn);
            turn.tell(answer);
        }
        return told;
    }

    private void stopWaiting(Turn turn) {
        waiting.remove(turn);
        Traffic traffic = asked.get(turn.slurmd);
        if (traffic != null) {
            traffic.waiting--;
        }
    }

    /** On the timers' thread, so that a long row of logins neither nests nor holds up the one that ended. */
    private void handOver(List<Turn> turns) {
        if (!turns.isEmpty()) {
            clock.timers().schedule(() -> turns.forEach(Turn::handOver));
        }
    }

    // ---- silence ----

    private void remember(Turn turn, CalleridAnswer answer) {
        if (closed || silent.containsKey(turn.slurmd)) {
            return;
        }
        if (silent.size() >= limits.remembered()) {
            silent.remove(silent.keySet().iterator().next());
        }
        silent.put(turn.slurmd, new Silence(turn.slurmd, turn.question, answer));
        log.debug("{} is silent", turn.slurmd);
    }

    private synchronized int forget(Predicate<Silence> which) {
        int before = silent.size();
        silent.values().removeIf(which);
        wakeInTime();
        return before - silent.size();
    }

    /** One timer for all of them, at the time of the first; none while there is nobody to be asked. */
    private void wakeInTime() {
        long now = clock.now();
        long delay = silent.values().stream()
                .filter(silence -> !silence.beingProbed)
                .mapToLong(silence -> Math.max(1, silence.probeAt - now)) // never within this call
                .min()
                .orElse(Long.MAX_VALUE);
        boolean wanted = delay != Long.MAX_VALUE && probing < limits.probes(); // else the end of a probe comes by here
        if (timer != null && (!wanted || timerAt - (now + delay) > 0)) {
            timer.dispose();
            timer = null;
        }
        if (wanted && timer == null) {
            timerAt = now + delay;
            timer = clock.timers().schedule(this::probeThoseDue, delay, TimeUnit.NANOSECONDS);
        }
    }

    private void probeThoseDue() {
        var due = new ArrayList<Silence>();
        synchronized (this) {
            timer = null;
            long now = clock.now();
            silent.values().removeIf(silence -> silence.isUnasked(now));
            for (Silence silence : silent.values()) {
                if (silence.isDue(now) && probing < limits.probes()) {
                    probing++;
                    silence.beingProbed = true;
                    due.add(silence);
                }
            }
            wakeInTime();
        }
        due.forEach(this::probe);
    }

    /** It belongs to no login, so nobody else could subscribe to it. */
    private void probe(Silence silence) {
        silence.question()
                .ask(Deadline.in(limits.patience().total(), clock), () -> {})
                .map(Outcome::sign)
                .onErrorResume(bug -> {
                    log.error("callerid.probe_failed", bug);
                    return Mono.just(Sign.NONE);
                })
                .defaultIfEmpty(Sign.NONE)
                .subscribe(sign -> probed(silence, sign));
    }

    private synchronized void probed(Silence silence, Sign sign) {
        probing--;
        silence.probed(sign == Sign.SILENT);
        if (sign == Sign.ALIVE && silent.remove(silence.slurmd, silence)) {
            log.debug("{} answers again", silence.slurmd);
        }
        wakeInTime();
    }

    // ---- what is known of one ----

    /** How a slurmd is being asked right now. */
    private static final class Traffic {
        private int open;
        private int waiting;
        /** Its port has taken a connection since the first of those who ask it now. */
        private boolean reached;
        /** When it last answered one of those who ask it now; null if it has not. */
        private @Nullable Long answeredAt;

        void answered(long now) {
            answeredAt = now;
        }

        boolean hasAnsweredSince(long then) {
            Long answered = answeredAt;
            return answered != null && answered - then >= 0;
        }
    }

    /** What a login gets when its turn has come: the question may be put, or need not be. */
    private sealed interface Grant {
        record Put() implements Grant {}

        record Told(CalleridAnswer answer) implements Grant {}

        default <R> R fold(Function<Put, R> put, Function<Told, R> told) {
            return this instanceof Told t ? told.apply(t) : put.apply((Put) this);
        }
    }

    /** One login at one slurmd. */
    private static final class Turn {

        enum State {
            WAITING,
            OPEN,
            OVER
        }

        private final InetSocketAddress slurmd;
        private final Question question;
        private final Sinks.One<Grant> grant = Sinks.one();
        private @Nullable CalleridAnswer told;
        private long openedAt;
        private volatile State state = State.OVER;

        Turn(InetSocketAddress slurmd, Question question) {
            this.slurmd = slurmd;
            this.question = question;
        }

        void tell(CalleridAnswer answer) {
            told = answer;
            state = State.OVER;
        }

        void handOver() {
            grant.tryEmitValue(granted());
        }

        private Grant granted() {
            return told == null ? new Grant.Put() : new Grant.Told(told);
        }

        Mono<Grant> comes(Deadline deadline) {
            return state == State.WAITING
                    ? grant.asMono()
                            .timeout(deadline.remaining(), deadline.timers())
                            .onErrorResume(TimeoutException.class, late -> Mono.just(NO_TURN))
                    : Mono.just(granted());
        }

        private static final Grant NO_TURN =
                new Grant.Told(new NoAnswer(Failure.BUSY, "no turn in time: others are asking there"));
    }

    /** A slurmd that does not answer. */
    private final class Silence {

        private final InetSocketAddress slurmd;
        private final String what;
        private final long since;
        private Question question;
        private long askedAt;
        private Duration pause;
        private long probeAt;
        private boolean beingProbed;
        private int probes;
        private long spared;

        Silence(InetSocketAddress slurmd, Question question, CalleridAnswer answer) {
            long now = clock.now();
            this.slurmd = slurmd;
            this.what = answer instanceof NoAnswer none ? none.why() : "no answer in time";
            this.question = question;
            this.since = now;
            this.askedAt = now;
            this.pause = limits.firstPause();
            this.probeAt = now + pause.toNanos();
        }

        Question question() {
            synchronized (Sources.this) {
                return question;
            }
        }

        void spare(Question asked, long now) {
            question = asked;
            askedAt = now;
            spared++;
        }

        CalleridAnswer answer(long now) {
            return new NoAnswer(
                    Failure.TIMED_OUT,
                    "remembered: " + what + ", " + TimeUnit.NANOSECONDS.toSeconds(now - since) + " s ago");
        }

        boolean isDue(long now) {
            return !beingProbed && probeAt - now <= 0;
        }

        boolean isUnasked(long now) {
            return isDue(now) && now - askedAt >= limits.unasked().toNanos();
        }

        void probed(boolean stillSilent) {
            beingProbed = false;
            probes++;
            if (stillSilent) {
                Duration doubled = pause.multipliedBy(2);
                pause = doubled.compareTo(limits.longestPause()) < 0 ? doubled : limits.longestPause();
            }
            probeAt = clock.now() + pause.toNanos();
        }

        SilentSource seenAt(long now) {
            return new SilentSource(
                    slurmd.getAddress(),
                    slurmd.getPort(),
                    what,
                    Duration.ofNanos(now - since),
                    beingProbed ? Duration.ZERO : Duration.ofNanos(Math.max(0, probeAt - now)),
                    probes,
                    spared);
        }
    }
}
