package io.adoptd.gateway.server;

import java.io.IOException;

/** Sends bytes and descriptors in one message: {@code SCM_RIGHTS}, unix(7), which Netty cannot. */
@FunctionalInterface
public interface DescriptorSending {

    /**
     * Never waits.
     *
     * @param socket used on the calling thread only, which owns it
     * @param bytes at least one
     * @param descriptors at least one; they stay open here
     * @return how many of the bytes went, the descriptors with the first of them
     */
    int send(int socket, byte[] bytes, int... descriptors) throws IOException;
}
