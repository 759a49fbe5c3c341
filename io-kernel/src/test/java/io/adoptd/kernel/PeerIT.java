package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.libc.Sockets;
import io.adoptd.kernel.proc.Proc;
import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.LoginProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is at the other end of a real socket: another process, which may end at any moment. */
class PeerIT {

    @TempDir
    Path dir;

    @SuppressWarnings("NullAway.Init")
    private KernelProcesses processes;

    private int listener;
    private int socket;

    @SuppressWarnings("NullAway.Init")
    private Child client;

    @BeforeEach
    void connect() throws Exception {
        processes = KernelProcesses.ofThisHost();
        String path = dir.resolve("sock").toString();
        listener = Sockets.listen(path);
        String classes = Path.of(PeerMain.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        client = Child.start(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes,
                PeerMain.class.getName(),
                path);
        assertThat(client.process().inputReader().readLine()).isEqualTo("connected true");
        socket = Sockets.accept(listener);
    }

    @AfterEach
    void end() throws Exception {
        client.end();
        Sockets.close(listener, socket);
        processes.close();
    }

    private PeerAnswer identify() {
        return Samples.answerOf(processes.identify(socket));
    }

    @Test
    void aPeerIsItsProcessAndItsUser() throws Exception {
        var credentials = new PeerCredentials(client.pid(), Libc.geteuid(), groupOf(client));
        assertThat(PeerCredentials.of(socket)).isEqualTo(credentials);
        assertThat(identify())
                .isEqualTo(new PeerAnswer.Identified(
                        new LoginProcess(
                                client.pid(), processes.startTicks(client.pid()).orElseThrow()),
                        credentials));
    }

    private static long groupOf(Child child) throws Exception {
        return ((Integer) Files.getAttribute(Path.of("/proc/" + child.pid()), "unix:gid")).longValue();
    }

    @Test
    void aHelperStandsForItsParent() throws Exception {
        int self = Math.toIntExact(ProcessHandle.current().pid());
        assertThat(Samples.answerOf(processes.identifyParent(socket)))
                .isEqualTo(new PeerAnswer.Identified(
                        new LoginProcess(self, processes.startTicks(self).orElseThrow()),
                        new PeerCredentials(client.pid(), Libc.geteuid(), groupOf(client))));
        client.end();
        assertThat(Samples.answerOf(processes.identifyParent(socket))).isInstanceOf(PeerAnswer.Unidentified.class);
    }

    /** It may be on a processor when it is looked at first, and wait for its answer when it is looked at again. */
    @Test
    void aHelperThatRunsAndThenWaitsIsTheSame() throws Exception {
        Path helper = Files.createDirectories(dir.resolve("proc/" + client.pid()));
        Path parent = Files.createDirectories(dir.resolve("proc/77"));
        Files.writeString(parent.resolve("stat"), "77 (sshd) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 5 0\n");
        Files.writeString(parent.resolve("status"), "Uid:\t" + Libc.geteuid() + "\t" + Libc.geteuid() + "\t0\t0\n");
        var busy = new AtomicBoolean(true);
        var turns = new AtomicInteger();
        var kernel = new Thread(() -> {
            while (busy.get()) {
                change(helper, turns.getAndIncrement() % 2 == 0 ? 'R' : 'S');
            }
        });
        change(helper, 'R');
        kernel.start();
        try (var reader = new KernelProcesses(new Proc(dir.resolve("proc").toString()))) {
            while (turns.get() < 500) {
                assertThat(Samples.answerOf(reader.identifyParent(socket))).isInstanceOf(PeerAnswer.Identified.class);
            }
        } finally {
            busy.set(false);
            kernel.join();
        }
    }

    private void change(Path helper, char state) {
        String stat = client.pid() + " (sshd) " + state + " 77 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 99 0\n";
        try {
            Path next = Files.writeString(helper.resolve("next"), stat);
            Files.move(next, helper.resolve("stat"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aParentThatIsInitOrAnotherUsersIsNobody() throws Exception {
        Path proc = Files.createDirectories(dir.resolve("proc/" + client.pid()));
        String stat = client.pid() + " (sshd) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 99 0\n";
        try (var reader = new KernelProcesses(new Proc(dir.resolve("proc").toString()))) {
            for (int noParent : new int[] {0, 1}) {
                Files.writeString(proc.resolve("stat"), stat.formatted(noParent));
                assertThat(Samples.answerOf(reader.identifyParent(socket)))
                        .isEqualTo(new PeerAnswer.Unidentified("a helper without a parent"));
            }
            Files.writeString(proc.resolve("stat"), stat.formatted(77));
            Path parent = Files.createDirectories(dir.resolve("proc/77"));
            Files.writeString(parent.resolve("stat"), "77 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 5 0\n");
            long other = Libc.geteuid() + 1;
            Files.writeString(parent.resolve("status"), "Uid:\t" + other + "\t" + other + "\t0\t0\n");
            assertThat(Samples.answerOf(reader.identifyParent(socket)))
                    .isEqualTo(new PeerAnswer.Unidentified("the helper's parent is another user's"));
        }
    }

    @Test
    void aPeerThatHasEndedIsNotLookedForByItsPid() throws Exception {
        client.end();
        assertThat(PeerCredentials.of(socket).pid()).isEqualTo(client.pid());
        assertThat(identify()).isInstanceOf(PeerAnswer.Unidentified.class);
    }

    @Test
    void anotherProcessOfItsPidIsNotTakenForIt() throws Exception {
        // what /proc would say had the pid been given to somebody else
        Path recycled = Files.createDirectories(dir.resolve("proc/" + client.pid()));
        Files.writeString(
                recycled.resolve("stat"), client.pid() + " (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 99 0\n");
        try (var reader = new KernelProcesses(new Proc(dir.resolve("proc").toString()));
                Peer held = Peer.of(socket)) {
            assertThat(reader.startTicks(client.pid())).hasValue(99);
            assertThat(held.isAlive()).isTrue();
            client.end();
            assertThat(held.isAlive()).isFalse();
            assertThat(Samples.answerOf(reader.identify(socket))).isInstanceOf(PeerAnswer.Unidentified.class);
        }
    }

    @Test
    void whatIsNoSocketIsNobody() throws Exception {
        int[] pipe = Sockets.pipe();
        try {
            assertThat(Samples.answerOf(processes.identify(pipe[0])))
                    .isEqualTo(new PeerAnswer.Unidentified("getsockopt SO_PEERCRED: ENOTSOCK"));
        } finally {
            Sockets.close(pipe);
        }
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        Descriptors.assertNoneLeftBy(this::identify);
    }
}
