package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.OwnedSteps;
import io.adoptd.pipeline.model.StepBegin;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.slurmd.conf.NodeFaultException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The extern steps of one spool directory, as far as their slurmstepds have told of them: one {@link Inquiry} for each
 * socket that is there, and no more. What was told holds while socket and process are the same, which {@link #look} sees
 * to for every login; so that a login costs the same whether one step is there or hundreds. Any thread may call.
 */
final class KnownSteps {

    private static final Duration BETWEEN_HURRIES = Duration.ofSeconds(1);

    private final SpoolDirectory directory;
    private final StepWorld world;
    private final Inquiry.Turns turns;
    private final AtomicLong looks = new AtomicLong();
    private final AtomicLong hurried;
    private volatile LongPredicate trusted = uid -> false;
    private volatile Listing listing = new Listing(0, null, List.of());

    KnownSteps(SpoolDirectory directory, StepWorld world, Inquiry.Turns turns) {
        this.directory = directory;
        this.world = world;
        this.turns = turns;
        this.hurried = new AtomicLong(world.nanos() - BETWEEN_HURRIES.toNanos());
    }

    SpoolDirectory directory() {
        return directory;
    }

    /**
     * The directory as it was listed.
     *
     * @param look which look listed it: a later one began later
     * @param stamp the directory's, from before; null if one that is the same would not show that nothing has happened
     */
    private record Listing(long look, SpoolDirectory.@Nullable Stamp stamp, List<Inquiry> there) {}

    /** What one look has found: all sockets that were there when it began, and may be gone since. */
    record Sight(KnownSteps steps, List<Inquiry> there) {

        /**
         * Which steps are the user's, once all have been asked that could be.
         *
         * @param early until when they are waited for; a slurmstepd that has not answered then counts as silent
         * @return exactly one answer; an error is a fault of ours
         */
        Mono<Answer> of(Uid owner, Deadline early) {
            return Mono.defer(() -> {
                List<Inquiry> unsettled = there.stream()
                        .filter(inquiry -> inquiry.isUnsettledFor(owner))
                        .toList();
                return unsettled.isEmpty()
                        ? Mono.just(steps.answer(there, owner))
                        : steps.settle(unsettled, early).then(Mono.fromSupplier(() -> steps.answer(there, owner)));
            });
        }
    }

    /**
     * What is known of a user's steps.
     *
     * @param mayBeBeginning whether none of them is set up, but one may be soon: one says so itself, or one of whoever it
     *     is does not listen yet
     */
    record Answer(OwnedSteps owned, boolean mayBeBeginning) {}

    /**
     * Whom to tell to adopt.
     *
     * @param told what the slurmstepd has told of the step
     */
    record Acquaintance(Conversation.Partner partner, Inquiry inquiry, Knowledge told) {

        int pid() {
            return told.pid();
        }

        boolean lacks(Furnishing furnishing) {
            return inquiry.lacks(furnishing, told);
        }

        void learnLack(Furnishing furnishing) {
            inquiry.learnLack(furnishing, told);
        }
    }

    /**
     * Makes sure that what is known is of the sockets and processes that are there now. Blocking. The directory is
     * listed only if it has changed since it was, or may have without a trace.
     *
     * @param owner whose slurmstepds have to be running to be believed
     * @param now the uids that may listen there
     */
    Sight look(Uid owner, LongPredicate now) throws NodeFaultException {
        trust(now);
        long look = looks.incrementAndGet();
        Listing last = listing;
        SpoolDirectory.Stamp stamp = directory.stamp();
        List<Inquiry> there;
        if (stamp.equals(last.stamp())) {
            there = last.there();
        } else {
            boolean telling = stamp.isDistinct(world.now());
            there = take(look, telling ? stamp : null, directory.externSockets());
        }
        there.forEach(inquiry -> verify(inquiry, owner));
        return new Sight(this, there);
    }

    /** A listing of a look that began before the one that is here already tells nothing new. */
    private synchronized List<Inquiry> take(
            long look, SpoolDirectory.@Nullable Stamp stamp, Collection<StepSocket> sockets) {
        Listing last = listing;
        if (look < last.look()) {
            return last.there();
        }
        Map<StepSocket, Inquiry> gone = new HashMap<>();
        last.there().forEach(inquiry -> gone.put(inquiry.socket(), inquiry));
        var there = new ArrayList<Inquiry>(sockets.size());
        for (StepSocket socket : sockets) {
            Inquiry known = gone.remove(socket);
            there.add(known == null ? new Inquiry(socket, world, () -> trusted, turns) : known);
        }
        listing = new Listing(look, stamp, List.copyOf(there));
        drop(gone.values());
        return listing.there();
    }

    /** Forgets everything; the next login asks anew. Logins that are under way know what they knew. */
    synchronized void forget() {
        Listing last = listing;
        listing = new Listing(last.look(), null, List.of());
        drop(last.there());
    }

    private void drop(Collection<Inquiry> gone) {
        List<Inquiry> all = List.copyOf(gone);
        if (!all.isEmpty()) {
            world.execute(() -> all.forEach(Inquiry::drop));
        }
    }

    private void trust(LongPredicate now) {
        if (now != trusted) {
            trusted = now;
            listing.there().forEach(inquiry -> {
                Knowledge knowledge = inquiry.knowledge();
                if (knowledge.isUntrusted()) {
                    inquiry.doubt(knowledge);
                }
            });
        }
    }

    /** A slurmstepd that was killed leaves its socket; what it told is true only while it runs. */
    private void verify(Inquiry inquiry, Uid owner) {
        Knowledge knowledge = inquiry.knowledge();
        if (knowledge.isOf(owner) && knowledge.dated()) {
            long ticks = knowledge.startTicks();
            if (ticks == 0 || ticks != world.startTicks(knowledge.pid())) {
                inquiry.doubt(knowledge);
            }
        }
    }

    private Mono<Void> settle(List<Inquiry> unsettled, Deadline early) {
        return Mono.defer(() -> {
            Duration patience = early.remaining();
            Mono<Void> settled =
                    Mono.when(unsettled.stream().map(Inquiry::settled).toList());
            world.execute(() -> unsettled.forEach(inquiry -> inquiry.ask(patience)));
            return settled.timeout(patience, inVain(unsettled), early.timers());
        });
    }

    private Mono<Void> inVain(List<Inquiry> unsettled) {
        return Mono.fromRunnable(() -> world.execute(() -> unsettled.forEach(Inquiry::inVain)));
    }

    private Answer answer(List<Inquiry> there, Uid owner) {
        var steps = new ArrayList<ExternStep>();
        int silent = 0;
        int ended = 0;
        boolean ready = false;
        boolean beginning = false;
        for (Inquiry inquiry : there) {
            Knowledge knowledge = inquiry.knowledge();
            switch (knowledge.standing()) {
                case UNASKED, SILENT -> silent++;
                case ENDED -> {
                    ended++;
                    beginning |= inquiry.isBeginning();
                }
                case KNOWN -> {
                    if (knowledge.isOf(owner)) {
                        steps.add(step(inquiry.socket(), knowledge));
                        beginning |= knowledge.isStarting();
                        ready |= !knowledge.isStarting();
                    }
                }
            }
        }
        if (steps.isEmpty() && silent + ended > 0) {
            hurry(there);
        }
        return new Answer(new OwnedSteps(steps, silent), beginning && !ready);
    }

    private ExternStep step(StepSocket socket, Knowledge knowledge) {
        Extern extern = Objects.requireNonNull(knowledge.extern());
        return new ExternStep(
                directory.node(),
                socket.job(),
                socket.hetComponent(),
                extern.owner(),
                new StepBegin(knowledge.startTicks(), socket.born()),
                extern.sluid() == null ? null : extern.sluid().text());
    }

    /** Somebody looks for a step in vain. What rests is asked now, so that it is known when they try again. */
    private void hurry(List<Inquiry> there) {
        long now = world.nanos();
        long last = hurried.get();
        if (now - last >= BETWEEN_HURRIES.toNanos() && hurried.compareAndSet(last, now)) {
            world.execute(() -> there.forEach(Inquiry::hurry));
        }
    }

    /** The slurmstepd that told of a step; empty if it is not known any more. */
    Optional<Acquaintance> of(ExternStep step) {
        for (Inquiry inquiry : listing.there()) {
            Knowledge knowledge = inquiry.knowledge();
            if (inquiry.socket().isOf(step) && knowledge.isOf(step.owner())) {
                return Optional.of(new Acquaintance(
                        new Conversation.Partner(inquiry.socket().path(), trusted), inquiry, knowledge));
            }
        }
        return Optional.empty();
    }

    /** Every slurmstepd of it. */
    Stream<Inquiry> inquiries() {
        return listing.there().stream();
    }
}
