package io.adoptd.slurmd.stepd;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;

/** What it takes to ask slurmstepds of their steps. None of it blocks, but for {@link #startTicks}. */
interface StepWorld {

    /** Has something done on the one thread of the conversations, soon and in order; never, once adoptd ends. */
    void execute(Runnable task);

    /** The same, later. On that thread only. */
    void later(Duration delay, Runnable task);

    /**
     * Has something done that may block.
     *
     * @throws RejectedExecutionException if too much waits to be done already
     */
    void aside(Runnable blocking);

    /**
     * Has a conversation.
     *
     * @param patience how long it may take
     * @param told told once, on the thread of the conversations and not before this returns; never, once adoptd ends
     * @return what to call when the answer is not wanted any more; it may still come
     */
    Runnable ask(
            Conversation.Partner partner,
            Exchange<Extern> exchange,
            Duration patience,
            Conversation.Outcome<Extern> told);

    /** When a process started, in clock ticks since boot; 0 when that cannot be told. May block. */
    long startTicks(int pid);

    /** Monotonic. */
    long nanos();

    /** The wall clock, which an administrator may set: it decides how long is waited, not what is true. */
    Instant now();
}
