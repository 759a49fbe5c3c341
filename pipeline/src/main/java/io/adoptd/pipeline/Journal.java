package io.adoptd.pipeline;

import io.adoptd.pipeline.model.Stage;
import io.adoptd.pipeline.time.LoginClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * What one login asked, in order, and what each question cost. It only looks. Confined to its login, whose stages follow
 * one another; synchronized because a timeout reads it from another thread.
 */
final class Journal {

    /** One word for an answer, and what the log should add to it. */
    record Entry(String outcome, String why) {
        static Entry of(String outcome) {
            return new Entry(outcome, "");
        }
    }

    private final LoginClock clock;
    private final List<Stage> stages = new ArrayList<>(6);
    private String running = "";
    private long runningSince;

    Journal(LoginClock clock) {
        this.clock = clock;
    }

    /** Notes when {@code question} was asked, and its answer. */
    <T> Mono<T> note(String name, Mono<T> question, Function<T, Entry> entry) {
        return Mono.defer(() -> {
            begin(name);
            return question.doOnNext(answer -> end(name, entry.apply(answer)));
        });
    }

    private synchronized void begin(String name) {
        running = name;
        runningSince = clock.now();
    }

    private synchronized void end(String name, Entry entry) {
        stages.add(new Stage(name, entry.outcome(), entry.why(), Duration.ofNanos(clock.now() - runningSince)));
        running = "";
    }

    /** Notes what came along with another answer; nothing when there is no word for it. */
    synchronized void add(String name, String outcome, String why) {
        if (!outcome.isEmpty()) {
            stages.add(new Stage(name, outcome, why, Duration.ZERO));
        }
    }

    /** The way so far; a question still open is noted as such. */
    synchronized List<Stage> way() {
        if (running.isEmpty()) {
            return List.copyOf(stages);
        }
        var way = new ArrayList<>(stages);
        way.add(new Stage(running, "unanswered", "", Duration.ofNanos(clock.now() - runningSince)));
        return List.copyOf(way);
    }
}
