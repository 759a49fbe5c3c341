package io.adoptd.bench.sim;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Addresses of this machine only: nothing simulated ever leaves it. */
final class Loopback {

    private Loopback() {}

    /** The address that this text writes. */
    static InetAddress address(String text) {
        try {
            InetAddress address = InetAddress.getAllByName(text)[0];
            if (!address.isLoopbackAddress()) {
                throw new IllegalArgumentException(text + " is not on loopback");
            }
            return address;
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
