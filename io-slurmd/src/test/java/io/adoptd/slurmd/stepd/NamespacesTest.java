package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.adoptd.slurmd.stepd.StepdAnswer.Failed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketAddress;
import jnr.unixsocket.UnixSocketChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;

/** Descriptors that come over a real socket: who has them in the end. */
class NamespacesTest {

    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Exchange<List<Namespace>> NAMESPACES =
            peer -> Requests.namespaces(peer.version(), Turn.Done::new);

    @TempDir
    private Path dir = Path.of("");

    private final PassedDescriptors passed = new PassedDescriptors();
    private final Talk talk = new Talk(passed);
    private @Nullable UnixServerSocketChannel server;

    @AfterEach
    void closeAll() throws IOException {
        talk.close();
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"0x2600", "0x2A00", "0x2B00"})
    void before2511OneComes(String word) throws Exception {
        serve(line -> {
            line.greet(Integer.decode(word));
            assertThat(line.hear()).isEqualTo(26);
            line.say(17);
            line.pass();
            line.stare();
        });
        List<Namespace> namespaces = told(talk.answer(socket(), NAMESPACES, Talk.LONG));
        assertThat(namespaces).hasSize(1);
        assertThatIsThePassedOne(namespaces.get(0), Namespace.ANY);
    }

    @Test
    void since2511TheyComeOneAfterTheOther() throws Exception {
        serve(line -> {
            line.greet(0x2D00);
            assertThat(line.hear()).isEqualTo(28);
            line.say(2, Namespace.CLONE_NEWUSER);
            line.pass();
            line.say(Namespace.CLONE_NEWNS);
            line.pass();
            line.stare();
        });
        List<Namespace> namespaces = told(talk.answer(socket(), NAMESPACES, Talk.LONG));
        assertThat(namespaces).hasSize(2);
        assertThatIsThePassedOne(namespaces.get(0), Namespace.CLONE_NEWUSER);
        assertThatIsThePassedOne(namespaces.get(1), Namespace.CLONE_NEWNS);
    }

    @Test
    void aDescriptorThatIsLateIsWaitedFor() throws Exception {
        serve(line -> {
            line.greet(0x2D00);
            line.hear();
            line.say(1);
            Thread.sleep(50);
            line.say(Namespace.CLONE_NEWNS);
            Thread.sleep(50);
            line.pass();
            line.stare();
        });
        List<Namespace> namespaces = told(talk.answer(socket(), NAMESPACES, Talk.LONG));
        assertThatIsThePassedOne(namespaces.get(0), Namespace.CLONE_NEWNS);
    }

    @Test
    void aByteWithoutADescriptorIsUnreadable() throws Exception {
        serve(line -> {
            line.greet(0x2A00);
            line.hear();
            line.say(17);
            line.sayByte();
            line.stare();
        });
        assertThatFailed(StepdFault.UNREADABLE);
    }

    @Test
    void hangingUpBeforeTheDescriptorIsUnreadable() throws Exception {
        serve(line -> {
            line.greet(0x2A00);
            line.hear();
            line.say(17);
        });
        assertThatFailed(StepdFault.UNREADABLE);
    }

    @Test
    void anAnnouncedDescriptorThatNeverComesIsSilenceAndTheOthersAreClosed() throws Exception {
        serve(line -> {
            line.greet(0x2D00);
            line.hear();
            line.say(2, Namespace.CLONE_NEWPID);
            line.pass();
            line.say(Namespace.CLONE_NEWNS);
            line.stare();
        });
        assertThat(talk.answer(socket(), NAMESPACES, SHORT))
                .isEqualTo(new Failed<>(StepdFault.SILENT, "still waiting for ns_type"));
        assertThatAllAreClosed(1);
    }

    @Test
    void rubbishAfterADescriptorClosesIt() throws Exception {
        serve(line -> {
            line.greet(0x2D00);
            line.hear();
            line.say(2, Namespace.CLONE_NEWPID);
            line.pass();
            line.say(4711);
            line.stare();
        });
        assertThatFailed(StepdFault.UNREADABLE);
        assertThatAllAreClosed(1);
    }

    @Test
    void aCancelClosesWhatHadCome() throws Exception {
        serve(line -> {
            line.greet(0x2D00);
            line.hear();
            line.say(2, Namespace.CLONE_NEWPID);
            line.pass();
            line.stare();
        });
        Disposable asking = talk.ask(socket(), NAMESPACES, Talk.LONG).subscribe();
        await().until(() -> passed.received().size() == 1);
        asking.dispose();
        assertThatAllAreClosed(1);
    }

    /** Whichever comes first, the answer or the cancel: either somebody has the descriptor, or it is closed. */
    @Test
    void aCancelThatMeetsTheAnswerLosesNoDescriptor() throws Exception {
        serve(line -> {
            line.greet(0x2A00);
            line.hear();
            line.say(17);
            line.pass();
        });
        talk.answer(socket(), peer -> new Turn.Done<>(1), Talk.LONG);
        Thread.sleep(100);
        long before = Descriptors.count();
        for (int micros = 0; micros < 2000; micros += 5) {
            var careful = new Careful();
            talk.ask(socket(), NAMESPACES, Talk.LONG).subscribe(careful);
            long until = System.nanoTime() + micros * 1000L;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            careful.cancel();
        }
        await().untilAsserted(() -> assertThat(Descriptors.count()).isLessThanOrEqualTo(before));
    }

    @Test
    void anAnswerThatNobodyRequestedClosesItsDescriptors() throws Exception {
        serve(line -> {
            line.greet(0x2A00);
            line.hear();
            line.say(17);
            line.pass();
        });
        var late = new Late();
        talk.ask(socket(), NAMESPACES, Talk.LONG).subscribe(late);
        await().until(() -> passed.received().size() == 1);
        assertThatAllAreClosed(1);
        late.request(1);
        assertThatIllegalStateException().isThrownBy(late::rethrow).withMessageContaining("not requested");
    }

    /** A subscriber that closes what it is given, also when it has cancelled just before: reactive streams, 2.8. */
    private final class Careful extends BaseSubscriber<StepdAnswer<List<Namespace>>> {

        @Override
        protected void hookOnNext(StepdAnswer<List<Namespace>> answer) {
            told(answer).forEach(namespace -> passed.close(namespace.fd()));
        }
    }

    private static final class Late extends BaseSubscriber<StepdAnswer<List<Namespace>>> {

        private @Nullable Throwable error;

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // Nothing is requested yet.
        }

        @Override
        protected void hookOnError(Throwable throwable) {
            error = throwable;
        }

        void rethrow() throws Throwable {
            if (error != null) {
                throw error;
            }
        }
    }

    private void assertThatIsThePassedOne(Namespace namespace, int type) throws IOException {
        assertThat(namespace.type()).isEqualTo(type);
        assertThat(Files.isSameFile(Path.of("/proc/self/fd/" + namespace.fd()), Path.of("/dev/null")))
                .isTrue();
        passed.close(namespace.fd());
    }

    private void assertThatFailed(StepdFault fault) {
        talk.answer(socket(), NAMESPACES, Talk.LONG)
                .fold(
                        told -> {
                            throw new AssertionError(told);
                        },
                        failed -> assertThat(failed.fault()).isEqualTo(fault));
    }

    private void assertThatAllAreClosed(int count) {
        assertThat(passed.received()).hasSize(count);
        await().untilAsserted(() -> assertThat(passed.received()).noneMatch(Descriptors::isOpen));
    }

    private static <T> T told(StepdAnswer<T> answer) {
        return answer.fold(told -> told, failed -> {
            throw new AssertionError(failed);
        });
    }

    private Path socket() {
        return dir.resolve("s");
    }

    private interface Script {
        void talk(Line line) throws IOException, InterruptedException;
    }

    private void serve(Script script) throws IOException {
        UnixServerSocketChannel listening = UnixServerSocketChannel.open();
        listening.socket().bind(new UnixSocketAddress(socket().toFile()), FakeStepd.BACKLOG);
        server = listening;
        var thread = new Thread(() -> serve(listening, script), "fake");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(UnixServerSocketChannel listening, Script script) {
        while (listening.isOpen()) {
            try (UnixSocketChannel channel = listening.accept()) {
                script.talk(new Line(channel, passed));
            } catch (IOException | InterruptedException e) {
                // The other end left, or the test is over.
            }
        }
    }

    /** A connection that can pass descriptors. */
    private record Line(UnixSocketChannel channel, PassedDescriptors passed) {

        private static final Path ANY_FILE = Path.of("/dev/null");

        void greet(int word) throws IOException {
            hear();
            say(word);
        }

        int hear() throws IOException {
            ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
            while (word.hasRemaining()) {
                if (channel.read(word) < 0) {
                    throw new IOException("hung up");
                }
            }
            return word.flip().getInt();
        }

        void say(int... words) throws IOException {
            channel.write(ByteBuffer.wrap(OnPaper.words(words)));
        }

        void sayByte() throws IOException {
            channel.write(ByteBuffer.allocate(1));
        }

        void pass() throws IOException {
            passed.sendFile(channel.getFD(), ANY_FILE);
        }

        void stare() throws IOException {
            while (channel.read(ByteBuffer.allocate(64)) >= 0) {
                // Nothing more is expected.
            }
        }
    }
}
