package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import io.adoptd.slurmd.stepd.StepdAnswer.Told;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Slurmstepds that say at once what a test wants, or nothing, in a time that the test owns; the sockets' files are real. */
final class FakeWorld implements StepWorld {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final Instant began = Instant.now();
    private final Map<Path, StepdAnswer<Extern>> answers = new HashMap<>();
    private final Map<Integer, Long> ticks = new HashMap<>();
    private final List<Talk> open = new ArrayList<>();
    private final List<Path> asked = new ArrayList<>();
    private Duration wallClockOffset = Duration.ZERO;
    private boolean crowded;

    /** A conversation that is on. */
    private record Talk(Path socket, Conversation.Outcome<Extern> outcome) {}

    /** A socket's file, as it is left by a slurmstepd that was killed. */
    static Path socketFile(Path path) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
        }
        return path;
    }

    /** Another one at the same path. */
    static void makeAnew(Path path) throws IOException {
        Files.delete(path);
        socketFile(path);
    }

    // What slurmstepds do from now on; those that are being asked, too.

    void runs(Path socket, Uid owner, int pid) {
        says(socket, new Told<>(new Extern(owner, pid, false, null)));
    }

    void starts(Path socket, Uid owner, int pid) {
        says(socket, new Told<>(new Extern(owner, pid, true, null)));
    }

    void fails(Path socket, StepdFault fault) {
        says(socket, new Failed<>(fault, fault.name()));
    }

    void says(Path socket, StepdAnswer<Extern> answer) {
        answers.put(socket, answer);
        for (Talk talk : List.copyOf(open)) {
            if (talk.socket().equals(socket)) {
                end(talk, answer);
            }
        }
    }

    void silences(Path socket) {
        answers.remove(socket);
    }

    /** When a process started; 1 if nothing else is said. */
    void started(int pid, long when) {
        ticks.put(pid, when);
    }

    /** An administrator sets the clock, or the sockets are as old as this. */
    void setClock(Duration offset) {
        wallClockOffset = offset;
    }

    /** Whoever is asked from now on waits behind so many others that its socket is not tried. */
    void crowds() {
        crowded = true;
    }

    // What a test looks at.

    /** Whose slurmstepds have been asked since this was asked last. */
    List<Path> asked() {
        List<Path> since = List.copyOf(asked);
        asked.clear();
        return since;
    }

    int talking() {
        return open.size();
    }

    void pass(Duration duration) {
        time.advanceTimeBy(duration);
    }

    Deadline in(Duration budget) {
        return Deadline.in(budget, LoginClock.of(time));
    }

    // StepWorld

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public void later(Duration delay, Runnable task) {
        time.schedule(task, Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
    }

    @Override
    public void aside(Runnable blocking) {
        blocking.run();
    }

    @Override
    public Runnable ask(
            Conversation.Partner partner,
            Exchange<Extern> exchange,
            Duration patience,
            Conversation.Outcome<Extern> told) {
        asked.add(partner.socket());
        var talk = new Talk(partner.socket(), told);
        open.add(talk);
        if (!crowded) {
            told.begun();
        }
        time.schedule(() -> answer(talk));
        time.schedule(
                () -> end(talk, new Failed<>(StepdFault.SILENT, "still waiting")),
                patience.toNanos(),
                TimeUnit.NANOSECONDS);
        return () -> open.remove(talk);
    }

    private void answer(Talk talk) {
        @Nullable StepdAnswer<Extern> answer = answers.get(talk.socket());
        if (answer != null) {
            end(talk, answer);
        }
    }

    private void end(Talk talk, StepdAnswer<Extern> answer) {
        if (open.remove(talk)) {
            talk.outcome().answered(answer);
        }
    }

    @Override
    public long startTicks(int pid) {
        return Objects.requireNonNullElse(ticks.get(pid), 1L);
    }

    @Override
    public long nanos() {
        return time.now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Instant now() {
        return began.plusNanos(nanos()).plus(wallClockOffset);
    }
}
