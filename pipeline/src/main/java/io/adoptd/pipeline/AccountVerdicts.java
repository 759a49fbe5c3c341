package io.adoptd.pipeline;

import io.adoptd.pipeline.model.Decision;
import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.model.Verdict;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the account phase decided about the processes that may yet open a session. Of the last {@value #MOST} logins, and
 * no longer than sshd lets a login take. Safe from any thread; nothing here waits.
 */
final class AccountVerdicts {

    static final int MOST = 4_096;

    /** sshd's LoginGraceTime is 2 minutes unless somebody raised it. */
    static final Duration LASTS = Duration.ofMinutes(10);

    /** What is remembered of a process. */
    sealed interface Recollection {
        default <R> R fold(Function<ExternStep, R> adopted, Supplier<R> notAdopted, Supplier<R> nothing) {
            if (this instanceof Adopted a) {
                return adopted.apply(a.step());
            }
            return this instanceof NotAdopted ? notAdopted.get() : nothing.get();
        }
    }

    /** It was adopted into this step. */
    record Adopted(ExternStep step) implements Recollection {}

    /** It was decided, and not adopted: it is in, if at all, because an option or another module says so. */
    record NotAdopted() implements Recollection {}

    /** Nothing: nobody asked, or the daemon was started since. */
    record Nothing() implements Recollection {}

    /** The uid too, for one process may authenticate several users in turn. */
    private record Key(LoginProcess process, Uid uid) {}

    private record Entry(Recollection what, long at) {}

    private final Map<Key, Entry> entries = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Entry> eldest) {
            return size() > MOST;
        }
    };

    /** Remembers a verdict of the account phase; a later one of the same process takes its place. */
    synchronized void remember(Login login, Verdict verdict, long nowNanos) {
        ExternStep step = verdict.step();
        Recollection what =
                verdict.decision() == Decision.ADOPTED && step != null ? new Adopted(step) : new NotAdopted();
        var key = new Key(login.process(), login.uid());
        entries.remove(key); // so that it counts as the youngest
        entries.put(key, new Entry(what, nowNanos));
    }

    synchronized Recollection recall(Login login, long nowNanos) {
        @Nullable Entry entry = entries.get(new Key(login.process(), login.uid()));
        return entry == null || nowNanos - entry.at() > LASTS.toNanos() ? new Nothing() : entry.what();
    }
}
