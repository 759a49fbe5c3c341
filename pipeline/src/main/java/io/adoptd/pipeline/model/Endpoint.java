package io.adoptd.pipeline.model;

import java.net.InetAddress;

/**
 * One end of a TCP connection.
 *
 * @param address never a v4-mapped IPv6 address: {@link InetAddress} keeps those as IPv4, which is what slurmd looks for
 * @param port 1 to 65535
 */
public record Endpoint(InetAddress address, int port) {

    public Endpoint {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a port: " + port);
        }
    }

    @Override
    public String toString() {
        String host = address.getHostAddress();
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
