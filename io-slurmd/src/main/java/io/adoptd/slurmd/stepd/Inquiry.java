package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.stepd.Conversation.Partner;
import io.adoptd.slurmd.stepd.Knowledge.Standing;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * What one slurmstepd is asked of its extern step, and what it said. It is asked for the first login that finds its
 * socket. If it does not answer in that login's time it counts as silent, and the conversation goes on in the
 * background: so it is heard at once when it wakes. An old conversation is replaced by a new one after a second, and
 * then after twice as long each time.
 *
 * <p>What is known may be read by any thread; all else happens on the thread of {@link StepWorld#execute}.
 */
final class Inquiry {

    /** From one asking to the next, at first: it doubles. */
    static final Duration FIRST_INTERVAL = Duration.ofSeconds(1);

    static final Duration LONGEST_INTERVAL = Duration.ofSeconds(60);

    /** The same while others wait for their turn in the background. */
    static final Duration LONGEST_INTERVAL_IN_A_CROWD = Duration.ofSeconds(10);

    /** Where nobody listens at this interval, after two shorter ones, nobody ever will: no socket is bound twice. */
    static final Duration DEAD_FROM_INTERVAL = Duration.ofSeconds(4);

    /** While its socket is so young, a slurmstepd may be about to listen. */
    static final Duration YOUNG = Duration.ofSeconds(5);

    /** A login that has less time than this does not make a slurmstepd a silent one. */
    static final Duration LEAST_PATIENCE = Duration.ofMillis(100);

    /** How long one that did not answer who told it to adopt has to answer what it is asked then, before it counts as deaf. */
    static final Duration SUSPICION = Duration.ofMillis(250);

    private static final String DEAF = "it did not answer who told it to adopt";

    private static final Logger log = LoggerFactory.getLogger(Inquiry.class);

    private final StepSocket socket;
    private final StepWorld world;
    private final Supplier<LongPredicate> trusted;
    private final Turns turns;
    private final AdoptionQueue adoptions = new AdoptionQueue();
    private volatile Knowledge knowledge;
    private volatile Lack lack = Lack.NONE;

    /** Of the asking that goes on, or of the next one. */
    private volatile Sinks.Empty<Void> settled = Sinks.empty();

    /** Counts, so that what belongs to an asking that is over can be told. */
    private int round;

    private @Nullable Runnable hangUp;
    private boolean busy;
    private boolean hasTurn;
    private boolean dropped;
    private Duration interval = FIRST_INTERVAL;
    private long askedAt;

    /** When its socket was tried, in this asking; null if that has not come about. */
    private @Nullable Long triedAt;

    private boolean dead;

    /** Since when, in the world's nanoseconds, that it does not adopt is only suspected; null if it is not. */
    private volatile @Nullable Long suspectSince;

    /** Since when it has not answered who told it to adopt; null if it does. What it told of its step is true all the same. */
    private volatile @Nullable Instant deafSince;

    /** When it last answered who told it to adopt, in the world's nanoseconds; null if it never has. */
    private volatile @Nullable Long answeredAdoption;

    Inquiry(StepSocket socket, StepWorld world, Supplier<LongPredicate> trusted, Turns turns) {
        this.socket = socket;
        this.world = world;
        this.trusted = trusted;
        this.turns = turns;
        this.knowledge = Knowledge.unasked(world.now());
    }

    StepSocket socket() {
        return socket;
    }

    Knowledge knowledge() {
        return knowledge;
    }

    /** The logins that have it adopt. */
    AdoptionQueue adoptions() {
        return adoptions;
    }

    /**
     * What a slurmstepd has said that its step has not, once it was set up. So logins need not ask again.
     *
     * @param pid of that slurmstepd
     * @param startTicks when it started: of another at the same socket nothing is known
     */
    private record Lack(int pid, long startTicks, Set<Furnishing> of) {

        static final Lack NONE = new Lack(0, 0, Set.of());

        boolean isOf(Knowledge one) {
            return pid == one.pid() && startTicks == one.startTicks() && startTicks != 0;
        }
    }

    /** Whether the step has none of these, as far as the slurmstepd that {@code told} has said. Any thread. */
    boolean lacks(Furnishing furnishing, Knowledge told) {
        Lack known = lack;
        return known.isOf(told) && known.of().contains(furnishing);
    }

    /** The slurmstepd that {@code told} has said now that its step has none of these. Any thread. */
    synchronized void learnLack(Furnishing furnishing, Knowledge told) {
        if (told.isStarting()) {
            return; // it may yet get one
        }
        var all = EnumSet.of(furnishing);
        if (lack.isOf(told)) {
            all.addAll(lack.of());
        }
        lack = new Lack(told.pid(), told.startTicks(), all);
    }

    /** Whether it is to be asked before a login of this user is answered. */
    boolean isUnsettledFor(Uid owner) {
        Knowledge now = knowledge;
        return isUnsettled(now) && (!now.is(Standing.KNOWN) || now.isOf(owner));
    }

    private boolean isUnsettled(Knowledge now) {
        return switch (now.standing()) {
            case UNASKED -> true;
            case KNOWN -> !now.dated() || now.isStarting();
            case SILENT -> false;
            case ENDED -> isBeginning(now);
        };
    }

    /** Whether nobody listens for its step, and it is so young that somebody may yet. */
    boolean isBeginning() {
        return isBeginning(knowledge);
    }

    private boolean isBeginning(Knowledge now) {
        return now.is(Standing.ENDED)
                && !now.isUntrusted()
                && Duration.between(socket.born(), world.now()).abs().compareTo(YOUNG) < 0;
    }

    /** Whether the last that told it to adopt had no answer in time, and it has not been heard since. */
    boolean isDeaf() {
        return deafSince != null;
    }

    /**
     * Whether that may be so: it is being asked, and who tells it to adopt meanwhile need not wait longer than for that. To
     * be looked at before {@link #isDeaf}: a suspicion ends only after it has been confirmed.
     */
    boolean isSuspect() {
        return suspectSince != null;
    }

    /** That it is silent, for an administrator; empty if it is not. */
    Optional<StepsReport.Silent> silence() {
        Knowledge now = knowledge;
        Instant deaf = deafSince;
        if (deaf != null && now.is(Standing.KNOWN)) {
            return Optional.of(new StepsReport.Silent(socket.path(), deaf, DEAF));
        }
        return now.is(Standing.SILENT)
                ? Optional.of(new StepsReport.Silent(socket.path(), now.since(), now.why()))
                : Optional.empty();
    }

    /** Completes when the asking that goes on, or the next one, has come to an end; an error is a fault of ours. */
    Mono<Void> settled() {
        return settled.asMono();
    }

    /** What was told is not true any more, for its process is gone, or nobody is trusted as before. Any thread. */
    synchronized void doubt(Knowledge seen) {
        if (knowledge.equals(seen)) {
            knowledge = Knowledge.unasked(world.now());
        }
    }

    // From here on: the world's thread.

    /** Asks it, for a login, unless that goes on or there is no need to any more. */
    void ask(Duration patience) {
        if (busy) {
            return;
        }
        if (dropped || !isUnsettled(knowledge)) {
            settle();
            return;
        }
        begin(patience.compareTo(FIRST_INTERVAL) > 0 ? patience : FIRST_INTERVAL);
    }

    /** The login that asked has no more time: whoever has not answered is silent. */
    void inVain() {
        if (hangUp == null || !knowledge.is(Standing.UNASKED) || !hadTime()) {
            return;
        }
        unheard(Standing.SILENT, new Failed<>(StepdFault.SILENT, "it did not answer in a login's time"));
        settle();
        hasTurn = turns.takeAtOnce();
        if (!hasTurn) {
            hangUp();
            rest();
        }
    }

    /** Time that it waits for its turn, behind many others, is not its own. */
    private boolean hadTime() {
        return triedAt != null && world.nanos() - triedAt >= LEAST_PATIENCE.toNanos();
    }

    /** It has answered who told it to adopt. Any thread. */
    void answersAdoptions() {
        answeredAdoption = world.nanos();
    }

    /**
     * It did not answer who told it to adopt. Unless it has answered others meanwhile, and so is only busy, it is asked
     * now. If it does not answer that either, nobody tells it to adopt before it is heard.
     *
     * @param told when it was told so, in the world's nanoseconds
     */
    void suspect(long told) {
        if (deafSince != null || suspectSince != null || dropped || hasAnsweredAdoptionSince(told)) {
            return;
        }
        long now = world.nanos();
        suspectSince = now;
        if (isInTrouble()) {
            turns.request(this);
        }
        world.later(SUSPICION, () -> endSuspicion(now));
    }

    private boolean hasAnsweredAdoptionSince(long nanos) {
        Long answered = answeredAdoption;
        return answered != null && answered - nanos >= 0;
    }

    private void endSuspicion(long since) {
        Long suspected = suspectSince;
        if (suspected == null || suspected != since || dropped) {
            return;
        }
        if (!hasAnsweredAdoptionSince(since)) {
            log.warn("stepd.silent socket=\"{}\" why=\"{}\"", socket.path(), DEAF);
            deafSince = world.now();
        }
        suspectSince = null;
    }

    /** A login found nothing: whatever rests, and has done so for a while, is asked in the background now. */
    void hurry() {
        if (isInTrouble() && elapsed().compareTo(FIRST_INTERVAL) >= 0) {
            turns.request(this);
        }
    }

    /** Its socket is gone. */
    void drop() {
        dropped = true;
        hangUp();
        settle();
    }

    /** Takes the turn that it is given; returns whether it still needs one. */
    private boolean askInBackground() {
        boolean needed = isInTrouble();
        if (needed) {
            hasTurn = true;
            begin(interval);
        }
        return needed;
    }

    /** Whether it is to be asked again though no login waits for it. */
    private boolean isInTrouble() {
        Standing now = knowledge.standing();
        return !busy
                && !dropped
                && !dead
                && (now == Standing.SILENT || now == Standing.ENDED || isDeaf() || isSuspect());
    }

    private void begin(Duration patience) {
        busy = true;
        askedAt = world.nanos();
        triedAt = null;
        int asked = ++round;
        hangUp = world.ask(
                new Partner(socket.path(), trusted.get()), Requests.extern(), patience, new Conversation.Outcome<>() {
                    @Override
                    public void begun() {
                        if (asked == round) {
                            triedAt = world.nanos();
                        }
                    }

                    @Override
                    public void answered(StepdAnswer<Extern> answer) {
                        if (asked == round) {
                            endTalk();
                            answer.fold(Inquiry.this::told, Inquiry.this::unanswered);
                        }
                    }

                    @Override
                    public void broke(RuntimeException e) {
                        if (asked == round) {
                            endTalk();
                            Inquiry.this.broke(e);
                        }
                    }
                });
    }

    /** Another word of this slurmstepd will not be heard. */
    private void hangUp() {
        if (hangUp != null) {
            hangUp.run();
            endTalk();
        }
    }

    private void endTalk() {
        round++;
        hangUp = null;
        busy = false;
        if (hasTurn) {
            hasTurn = false;
            turns.giveBack();
        }
    }

    private boolean told(Extern extern) {
        Knowledge before = knowledge;
        if (before.is(Standing.SILENT) || isDeaf()) {
            log.info("stepd.heard socket=\"{}\"", socket.path());
        }
        interval = FIRST_INTERVAL;
        dead = false;
        suspectSince = null;
        deafSince = null;
        publish(before.told(extern, world.now()));
        if (knowledge.dated()) {
            settle();
        } else {
            date(extern.pid());
        }
        return true;
    }

    /** A job that is known is not lost because /proc is slow: its slurmstepd counts as one of unknown age till then. */
    private void date(int pid) {
        busy = true;
        int asked = round;
        try {
            world.aside(() -> {
                try {
                    long ticks = world.startTicks(pid);
                    world.execute(() -> dated(asked, ticks));
                } catch (RuntimeException e) {
                    world.execute(() -> undated(asked, e));
                }
            });
        } catch (RejectedExecutionException e) {
            dated(asked, 0);
        }
    }

    private void dated(int asked, long ticks) {
        if (asked == round) {
            busy = false;
            publish(knowledge.dated(ticks));
            settle();
        }
    }

    private void undated(int asked, RuntimeException e) {
        if (asked == round) {
            broke(e);
        }
    }

    private boolean unanswered(Failed<Extern> failed) {
        log.debug("{}: {}, {}", socket.path(), failed.fault(), failed.why());
        Standing before = knowledge.standing();
        Standing now = standing(before, failed.fault());
        if (now != Standing.KNOWN) {
            unheard(now, failed);
        }
        settle();
        boolean believed = interval.compareTo(DEAD_FROM_INTERVAL) >= 0 && !isBeginning();
        if (failed.fault() == StepdFault.ABSENT && believed) {
            dead = true;
        } else if (isInTrouble()) {
            rest();
        }
        return false;
    }

    /** What a slurmstepd has told before is true though it is silent now, while its process runs. */
    private static Standing standing(Standing before, StepdFault fault) {
        return switch (fault) {
            case ABSENT, GONE, UNTRUSTED -> Standing.ENDED;
            case SILENT, UNREADABLE -> before == Standing.KNOWN ? before : Standing.SILENT;
            case UNASKED -> before;
        };
    }

    private void unheard(Standing now, Failed<Extern> why) {
        if (now == Standing.SILENT && !knowledge.is(now)) {
            log.warn("stepd.silent socket=\"{}\" why=\"{}\"", socket.path(), why.why());
        }
        publish(knowledge.failed(now, why, world.now()));
    }

    private synchronized void publish(Knowledge now) {
        knowledge = now;
    }

    private void broke(RuntimeException e) {
        busy = false;
        publish(Knowledge.unasked(world.now()));
        Sinks.Empty<Void> waiting = settled;
        settled = Sinks.empty();
        waiting.tryEmitError(e);
    }

    private void settle() {
        Sinks.Empty<Void> waiting = settled;
        settled = Sinks.empty();
        waiting.tryEmitEmpty();
    }

    /** The next asking is due an interval after the one before, however long that took. */
    private void rest() {
        Duration pause = interval.minus(elapsed());
        if (!isBeginning()) { // then logins ask in quick succession, which proves nothing
            Duration longest = turns.isCrowded() ? LONGEST_INTERVAL_IN_A_CROWD : LONGEST_INTERVAL;
            Duration doubled = interval.multipliedBy(2);
            interval = doubled.compareTo(longest) < 0 ? doubled : longest;
        }
        int asked = round;
        world.later(pause, () -> {
            if (asked == round && isInTrouble()) {
                turns.request(this);
            }
        });
    }

    private Duration elapsed() {
        return Duration.ofNanos(world.nanos() - askedAt);
    }

    /** Who may be asked in the background: no more at once than there is room for descriptors, each in its turn. */
    static final class Turns {

        static final int AT_ONCE = 64;

        private final Set<Inquiry> waiting = new LinkedHashSet<>();
        private int taken;

        boolean takeAtOnce() {
            boolean free = taken < AT_ONCE;
            taken += free ? 1 : 0;
            return free;
        }

        void request(Inquiry inquiry) {
            if (!takeAtOnce()) {
                waiting.add(inquiry);
            } else if (!inquiry.askInBackground()) {
                giveBack();
            }
        }

        /** A loop, for any number of those that wait may need no turn any more. */
        void giveBack() {
            taken--;
            while (isCrowded() && takeAtOnce()) {
                Inquiry next = waiting.iterator().next();
                waiting.remove(next);
                if (next.askInBackground()) {
                    return;
                }
                taken--;
            }
        }

        boolean isCrowded() {
            return !waiting.isEmpty();
        }
    }
}
