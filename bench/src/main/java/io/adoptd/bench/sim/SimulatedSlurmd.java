package io.adoptd.bench.sim;

import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Header;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/** A slurmd that names one job, whoever asks for whatever connection. A thread for each connection, as real ones have. */
final class SimulatedSlurmd implements AutoCloseable {

    private static final int MAX_REQUEST = 64 * 1_024;

    private final ServerSocket server;
    private final Bytes reply;
    private final Duration delay;
    private final ExecutorService threads = Executors.newCachedThreadPool(SimulatedSlurmd::daemon);

    /**
     * Listens.
     *
     * @param port 0 takes a free one
     * @param delay what it takes before it answers
     */
    SimulatedSlurmd(InetAddress address, int port, long job, Duration delay) throws IOException {
        this.server = new ServerSocket(port, 128, address);
        this.reply = reply(job);
        this.delay = delay;
        threads.execute(this::serve);
    }

    private static Thread daemon(Runnable work) {
        var thread = new Thread(work, "simulated-slurmd");
        thread.setDaemon(true);
        return thread;
    }

    int port() {
        return server.getLocalPort();
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                threads.execute(() -> answer(client));
            } catch (IOException gone) {
                // the next one, or the end
            }
        }
    }

    private void answer(Socket accepted) {
        try (Socket client = accepted) {
            var in = new DataInputStream(client.getInputStream());
            in.readNBytes(Math.min(MAX_REQUEST, in.readInt()));
            LockSupport.parkNanos(delay.toNanos());
            client.getOutputStream().write(reply.toArray());
            in.read(); // the client closes first, as real ones do
        } catch (IOException gone) {
            // whoever asked has hung up
        }
    }

    private static Bytes reply(long job) {
        SlurmVersion version = SlurmVersion.V24_11;
        Bytes body = new NetworkCalleridResponse(
                        0, job, NetworkCalleridResponse.NO_VAL, NetworkCalleridResponse.NO_VAL, 0, "c2")
                .encode(version);
        Bytes payload = BodyHash.K12.payload(NetworkCalleridResponse.TYPE, body);
        var out = new Packer();
        Header.ofRequest(version, NetworkCalleridResponse.TYPE, body.size()).encode(out);
        new AuthBlock(AuthPlugin.MUNGE, SimulatedCredentials.token(payload)).encode(out);
        return new Packer().mem(out.raw(body).packed()).packed();
    }

    @Override
    public void close() throws IOException {
        server.close();
        threads.shutdownNow();
    }
}
