package io.adoptd.kernel;

import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

/** A client in a process of its own: connects, says so, and stays until its input ends. */
public final class PeerMain {

    private PeerMain() {}

    public static void main(String[] arguments) throws Exception {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(arguments[0]))) {
            System.out.println("connected " + channel.isConnected());
            while (System.in.read() >= 0) {
                // stays
            }
        }
    }
}
