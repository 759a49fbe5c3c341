package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongPredicate;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** A loop of a test, and conversations on it. */
final class Talk implements AutoCloseable {

    static final Duration LONG = Duration.ofSeconds(20);

    private final LoopResources loops = LoopResources.create("stepd", 1, true);
    private final StepdLoop loop;
    private final Scheduler timers = Schedulers.newSingle("timers", true);
    private final LastSeenVersion lastSeen = new LastSeenVersion();
    private final DescriptorReceiver descriptors;

    Talk() {
        this(new NoDescriptors());
    }

    Talk(DescriptorReceiver descriptors) {
        this.descriptors = descriptors;
        try {
            this.loop = StepdLoop.on(loops.onServer(true).next());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    LastSeenVersion lastSeen() {
        return lastSeen;
    }

    StepdLoop loop() {
        return loop;
    }

    Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.monotonic(timers));
    }

    <T> Mono<StepdAnswer<T>> ask(Path socket, Exchange<T> exchange, Duration budget) {
        return ask(socket, uid -> true, exchange, budget);
    }

    <T> Mono<StepdAnswer<T>> ask(Path socket, LongPredicate trusted, Exchange<T> exchange, Duration budget) {
        return Mono.defer(() -> Conversation.of(
                new Conversation.Setting(loop, Runnable::run, descriptors, lastSeen),
                new Conversation.Partner(socket, trusted),
                exchange,
                in(budget)));
    }

    /** The answer, which has to come by itself. */
    <T> StepdAnswer<T> answer(Path socket, Exchange<T> exchange, Duration budget) {
        return Objects.requireNonNull(ask(socket, exchange, budget).single().block(Duration.ofSeconds(30)));
    }

    @Override
    public void close() {
        loop.close();
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block();
        timers.dispose();
    }

    /** No descriptors are to be expected. */
    private static final class NoDescriptors implements DescriptorReceiver {

        @Override
        public int receive(int socketFd) throws IOException {
            throw new IOException("no descriptors here");
        }

        @Override
        public void close(int fd) {
            throw new AssertionError("descriptor " + fd);
        }
    }
}
