package io.adoptd.bench.sim;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** A port that answers no packet, as behind a firewall: one whose queue of connections is full drops what comes. */
final class DroppingPort implements AutoCloseable {

    private static final int MOST_FILLERS = 64;

    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final List<SocketChannel> fillers = new ArrayList<>();

    DroppingPort(InetAddress address, int port) throws IOException, InterruptedException {
        server.bind(new InetSocketAddress(address, port), 1);
        SocketChannel filler;
        do {
            filler = SocketChannel.open();
            filler.configureBlocking(false);
            filler.connect(new InetSocketAddress(address, port));
            fillers.add(filler);
            Thread.sleep(20); // a connection over loopback is there by then, unless its packet was dropped
        } while (filler.finishConnect() && fillers.size() < MOST_FILLERS);
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel filler : fillers) {
            filler.close();
        }
        server.close();
    }
}
