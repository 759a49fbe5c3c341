package io.adoptd.kernel.libc;

import java.util.List;

/**
 * What one recvmsg(2) took from a socket.
 *
 * @param bytes how many; 0 when the peer has closed
 * @param descriptors all that came with them; whoever has this record owns them
 * @param truncated there were more descriptors than room for them; the kernel has dropped the others
 */
public record Message(int bytes, List<Integer> descriptors, boolean truncated) {

    public Message {
        descriptors = List.copyOf(descriptors);
    }
}
