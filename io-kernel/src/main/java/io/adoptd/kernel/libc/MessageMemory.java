package io.adoptd.kernel.libc;

import com.sun.jna.Memory;
import io.adoptd.kernel.libc.SysSocket.iovec;
import io.adoptd.kernel.libc.SysSocket.msghdr;

/**
 * A {@code struct msghdr} with all that it points to: sendmsg(2) and recvmsg(2) read and write there. JNA frees a
 * {@link Memory} that no Java object refers to, and an address in another native struct is no such reference; so this
 * owns each of them, from before the call until {@link #close}, which frees them.
 */
final class MessageMemory implements AutoCloseable {

    private final Memory data;
    private final Memory control;
    private final iovec vector = new iovec();
    private final msghdr header = new msghdr();

    /**
     * Room for one message.
     *
     * @param dataBytes at least 1
     * @param controlBytes at least 1; the room is zeroed
     */
    MessageMemory(long dataBytes, long controlBytes) {
        data = new Memory(dataBytes);
        control = new Memory(controlBytes);
        control.clear();
        vector.iov_base = data;
        vector.iov_len = dataBytes;
        vector.write();
        header.msg_iov = vector.getPointer();
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = controlBytes;
    }

    Memory data() {
        return data;
    }

    Memory control() {
        return control;
    }

    /** What the calls take. Of no use after {@link #close}. */
    msghdr header() {
        return header;
    }

    @Override
    public void close() {
        control.close();
        data.close();
    }
}
