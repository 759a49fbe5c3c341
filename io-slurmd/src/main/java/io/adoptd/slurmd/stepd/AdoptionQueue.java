package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.time.Deadline;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The logins that have one slurmstepd adopt. It moves one process at a time, so a storm of them would run out of slices in
 * its queue: here so many talk to it at once, and the others wait in the order of their coming. The wait counts against
 * what a login has in all; its slice begins with its turn. How many wait is bounded by the logins that are decided at once.
 *
 * <p>Any thread may call. Nothing blocks.
 */
final class AdoptionQueue {

    /** Enough to keep a slurmstepd busy; each has a connection and a thread of it. */
    static final int AT_ONCE = 16;

    /** What a turn that comes late leaves at least. A slurmstepd that works needs some milliseconds. */
    static final Duration LEAST = Duration.ofMillis(250);

    // Guarded by this.
    private final Set<Ticket> waiting = new LinkedHashSet<>();
    private int open;

    /** One login's place. */
    private static final class Ticket {

        private final Sinks.Empty<Void> called = Sinks.empty();
        private boolean isOpen;
    }

    /**
     * Does the work in its turn.
     *
     * @param deadline renewed for the work when its turn has come
     * @return what the work returned, or {@code noTurn} if its turn did not come in time; a cancel gives the place back
     */
    <T> Mono<T> inTurn(Deadline deadline, Function<Deadline, Mono<T>> work, Mono<T> noTurn) {
        return Mono.using(
                this::arrive,
                ticket ->
                        isCalled(ticket, deadline).flatMap(called -> called ? work.apply(deadline.renewed()) : noTurn),
                ticket -> leave(ticket, deadline));
    }

    private synchronized Ticket arrive() {
        var ticket = new Ticket();
        if (open < AT_ONCE && waiting.isEmpty()) {
            open++;
            ticket.isOpen = true;
        } else {
            waiting.add(ticket);
        }
        return ticket;
    }

    /** Whether nothing is under way and nobody waits: for tests. */
    synchronized boolean isIdle() {
        return open == 0 && waiting.isEmpty();
    }

    private Mono<Boolean> isCalled(Ticket ticket, Deadline deadline) {
        Deadline turn = deadline.turn(LEAST);
        return isOpen(ticket)
                ? Mono.just(true)
                : ticket.called
                        .asMono()
                        .thenReturn(true)
                        .timeout(turn.remaining(), turn.timers())
                        .onErrorResume(TimeoutException.class, late -> Mono.just(false));
    }

    private synchronized boolean isOpen(Ticket ticket) {
        return ticket.isOpen;
    }

    private void leave(Ticket ticket, Deadline deadline) {
        Ticket next = next(ticket);
        if (next != null) {
            // On the timers' thread, so that a long row of logins neither nests nor holds up the one that ended.
            deadline.timers().schedule(next.called::tryEmitEmpty);
        }
    }

    private synchronized @Nullable Ticket next(Ticket ended) {
        if (!ended.isOpen) {
            waiting.remove(ended);
            return null;
        }
        open--;
        Iterator<Ticket> inOrder = waiting.iterator();
        if (!inOrder.hasNext()) {
            return null;
        }
        Ticket next = inOrder.next();
        inOrder.remove();
        open++;
        next.isOpen = true;
        return next;
    }
}
