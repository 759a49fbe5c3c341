package io.adoptd.slurmd.stepd;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A slurmstepd of a test: its socket, and what it does with a connection. */
final class FakeStepd implements AutoCloseable {

    static final int BACKLOG = 32;

    private final Path socket;
    private final ServerSocketChannel server;
    private final List<Integer> requests = Collections.synchronizedList(new ArrayList<>());

    private FakeStepd(Path socket, int backlog) throws IOException {
        this.socket = socket;
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket), backlog);
    }

    /** What it says on one connection; it hangs up at the end. */
    interface Script {
        void talk(Line line) throws IOException;
    }

    /** Takes connections one after the other, in a thread of its own. */
    static FakeStepd talking(Path socket, Script script) throws IOException {
        var stepd = new FakeStepd(socket, BACKLOG);
        stepd.start(script);
        return stepd;
    }

    /** Connections are made, for the kernel makes them, and nobody ever looks at them. */
    static FakeStepd silent(Path socket) throws IOException {
        return silent(socket, BACKLOG);
    }

    static FakeStepd silent(Path socket, int backlog) throws IOException {
        return new FakeStepd(socket, backlog);
    }

    /** A healthy one of this release, that runs a job of this user. */
    static FakeStepd like(int word, long uid, Path socket) throws IOException {
        return talking(socket, line -> line.behaveLike(word, uid));
    }

    /** Leaves the socket behind, as a slurmstepd that was killed does. */
    void die() throws IOException {
        server.close();
    }

    void start(Script script) {
        var thread = new Thread(() -> serve(script), "fake-" + socket.getFileName());
        thread.setDaemon(true);
        thread.start();
    }

    Path path() {
        return socket;
    }

    /** The request codes that came, in order, of all connections. */
    List<Integer> requests() {
        return List.copyOf(requests);
    }

    private void serve(Script script) {
        while (server.isOpen()) {
            try (SocketChannel channel = server.accept()) {
                script.talk(new Line(channel, requests));
            } catch (IOException e) {
                // The other end left, or the test is over.
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }

    /** One connection, from the slurmstepd's side. */
    record Line(SocketChannel channel, List<Integer> requests) {

        /** As a slurmstepd reads a request code: with one read, which has to bring all of it. */
        int request() throws IOException {
            ByteBuffer code = buffer(Integer.BYTES);
            if (channel.read(code) != Integer.BYTES) {
                throw new EOFException("a request code in parts, or none");
            }
            int request = code.flip().getInt();
            requests.add(request);
            return request;
        }

        int hear() throws IOException {
            ByteBuffer word = buffer(Integer.BYTES);
            while (word.hasRemaining()) {
                if (channel.read(word) < 0) {
                    throw new EOFException();
                }
            }
            return word.flip().getInt();
        }

        Line say(int... words) throws IOException {
            return say(OnPaper.words(words));
        }

        Line say(byte... bytes) throws IOException {
            channel.write(ByteBuffer.wrap(bytes));
            return this;
        }

        /** Byte by byte, each in a read of its own. */
        Line sayHaltingly(byte... bytes) throws IOException {
            for (byte one : bytes) {
                say(one);
                pause();
            }
            return this;
        }

        /** Until the other end hangs up. */
        void stare() throws IOException {
            ByteBuffer rest = buffer(64);
            while (channel.read(rest) >= 0) {
                rest.clear();
            }
        }

        Line greet(int word) throws IOException {
            hear();
            return say(word);
        }

        /** Answers the question whose job it is, which has to come next. */
        Line tellsUid(long uid) throws IOException {
            if (request() != 20) {
                throw new IOException("not asked for its uid");
            }
            return say((int) uid);
        }

        /** Hello, and then whatever is asked, until the other end hangs up. */
        void behaveLike(int word, long uid) throws IOException {
            greet(word);
            while (true) {
                switch (request()) {
                    case 1 -> say(sluidOf(word));
                    case 5 -> say(2);
                    case 8 -> say((byte) (hear() == 1 ? 1 : 0));
                    case 9 -> say((int) ProcessHandle.current().pid());
                    case 20 -> say((int) uid);
                    case 22 -> say(hear() > 0 ? 0 : -1);
                    case 23 -> say(0, 0);
                    case 26 -> {
                        if (word >= 0x2C00) {
                            throw new IOException("would say nothing without a namespace");
                        }
                        say(0);
                    }
                    case 28 -> say(0);
                    default -> throw new IOException("not a request of this one");
                }
            }
        }

        private static byte[] sluidOf(int word) throws IOException {
            if (word < 0x2C00) {
                throw new IOException("unknown before 25.11");
            }
            return buffer(Long.BYTES).putLong(0x2FD6881D5E138800L).array();
        }

        private static void pause() {
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static ByteBuffer buffer(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
        }
    }
}
