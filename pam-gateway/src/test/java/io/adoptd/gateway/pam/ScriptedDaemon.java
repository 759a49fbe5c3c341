package io.adoptd.gateway.pam;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.LoginRequest;
import io.adoptd.gateway.wire.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A daemon that does with each login what a test tells it to, over a real socket; docs/gateway-frame.md is its protocol. */
final class ScriptedDaemon implements AutoCloseable {
    static final int VERDICT = 0x81;
    static final int PONG = 0x82;
    static final int REFUSED = 0xff;

    private static final HexFormat HEX = HexFormat.of();

    /** What one connection lives through. It is closed afterwards. */
    interface Script {
        void play(Login login) throws IOException, InterruptedException;
    }

    private final ServerSocketChannel listener;
    private final Thread thread;
    private final List<Login> logins = new CopyOnWriteArrayList<>();
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();

    ScriptedDaemon(Path socket, Script script) throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket), 16);
        thread = new Thread(() -> serve(script), "scripted-daemon");
        thread.start();
    }

    /** Every connection so far, whether or not anything was sent on it. */
    List<Login> logins() {
        return logins;
    }

    List<Throwable> faults() {
        return faults;
    }

    private void serve(Script script) {
        while (listener.isOpen()) {
            try (var channel = listener.accept()) {
                var login = new Login(channel);
                logins.add(login);
                script.play(login);
            } catch (IOException e) {
                // The login went away, or the test is over: both are part of a script.
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | AssertionError e) {
                faults.add(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One login's connection, and what it asked. */
    static final class Login {
        private final SocketChannel channel;
        private volatile Map<Integer, byte[]> asked = Map.of();

        private Login(SocketChannel channel) {
            this.channel = channel;
        }

        /** Reads the request to its last byte. */
        Login ask() throws IOException {
            var header = read(8);
            var body = ByteBuffer.wrap(
                    read(Short.toUnsignedInt(ByteBuffer.wrap(header).getShort(6))));
            readableByTheRealOne(header, body.array());
            var fields = new LinkedHashMap<Integer, byte[]>();
            while (body.hasRemaining()) {
                var tag = Short.toUnsignedInt(body.getShort());
                var value = new byte[Short.toUnsignedInt(body.getShort())];
                body.get(value);
                if (fields.put(tag, value) != null) {
                    throw new AssertionError("tag twice: " + tag);
                }
            }
            asked = fields;
            return this;
        }

        /** The value of a field in hex, or an empty text when the login did not tell it. */
        String hex(int tag) {
            return HEX.formatHex(asked.getOrDefault(tag, new byte[0]));
        }

        String text(int tag) {
            return new String(asked.getOrDefault(tag, new byte[0]), StandardCharsets.UTF_8);
        }

        long number(int tag) {
            return Integer.toUnsignedLong(
                    ByteBuffer.wrap(asked.getOrDefault(tag, new byte[4])).getInt());
        }

        void send(byte[] bytes) throws IOException {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        /** Waits until the module has closed its end, at most for the time a test may take. */
        void awaitClose() throws IOException {
            var rest = ByteBuffer.allocate(64);
            while (channel.read(rest) >= 0) {
                rest.clear();
            }
        }

        /** Whatever a script answers, adoptd itself must understand every LOGIN of the module. */
        private static void readableByTheRealOne(byte[] header, byte[] body) {
            var frame =
                    ByteBuffer.allocate(header.length + body.length).put(header).put(body);
            try {
                assertThat(Request.decode(frame.array())).isInstanceOf(LoginRequest.class);
            } catch (FrameException e) {
                throw new AssertionError("adoptd would refuse " + HEX.formatHex(frame.array()), e);
            }
        }

        private byte[] read(int length) throws IOException {
            var bytes = new byte[length];
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new IOException("the login closed");
                }
            }
            return bytes;
        }
    }

    static byte[] verdict(int verdict, String reason, Field... more) {
        var fields = new Field[more.length + 2];
        fields[0] = new Field(0x0001, new byte[] {(byte) verdict});
        fields[1] = Field.text(0x0002, reason);
        System.arraycopy(more, 0, fields, 2, more.length);
        return frame(VERDICT, fields);
    }

    static byte[] frame(int type, Field... fields) {
        var body = new ByteArrayOutputStream();
        for (var field : fields) {
            var head = ByteBuffer.allocate(4).putShort((short) field.tag()).putShort((short) field.value().length);
            body.writeBytes(head.array());
            body.writeBytes(field.value());
        }
        return ByteBuffer.allocate(8 + body.size())
                .putInt(0x41444f50)
                .put((byte) 2)
                .put((byte) type)
                .putShort((short) body.size())
                .put(body.toByteArray())
                .array();
    }

    @SuppressWarnings("ArrayRecordComponent") // bytes on their way to a socket; nobody compares fields
    record Field(int tag, byte[] value) {
        static Field text(int tag, String value) {
            return new Field(tag, value.getBytes(StandardCharsets.UTF_8));
        }

        static Field message(String value) {
            return text(0x0003, value);
        }

        static Field variable(String value) {
            return text(0x0004, value);
        }

        static Field namespace(int type) {
            return new Field(0x0005, ByteBuffer.allocate(4).putInt(type).array());
        }
    }
}
