package io.adoptd.slurmd.stepd;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** SCM_RIGHTS, both ways: sendmsg(2), recvmsg(2), unix(7); 64-bit Linux. */
final class PassedDescriptors implements DescriptorReceiver {

    private static final int O_RDONLY = 0;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
    private static final int EAGAIN = 11;
    private static final int MSGHDR = 56;
    private static final int CMSG_HEADER = 16;
    private static final int CMSG_LEN = CMSG_HEADER + Integer.BYTES;
    private static final int CMSG_SPACE = CMSG_HEADER + Long.BYTES;

    /** Loaded by whoever makes the first of these, not on a thread that must not block. */
    private final C c = Native.load("c", C.class);

    private final Set<Integer> received = Collections.synchronizedSet(new LinkedHashSet<>());

    private interface C extends Library {
        long sendmsg(int fd, Pointer message, int flags);

        long recvmsg(int fd, Pointer message, int flags);

        int open(String path, int flags);

        int close(int fd);
    }

    PassedDescriptors() {
        c.close(c.open("/dev/null", O_RDONLY));
    }

    /** All that ever came. */
    Set<Integer> received() {
        return Set.copyOf(received);
    }

    /** One byte, and a descriptor of this file with it. */
    void sendFile(int socketFd, Path file) throws IOException {
        int fd = c.open(file.toString(), O_RDONLY);
        try {
            send(socketFd, fd);
        } finally {
            c.close(fd);
        }
    }

    private void send(int socketFd, int fd) throws IOException {
        Message message = new Message();
        message.control.setLong(0, CMSG_LEN);
        message.control.setInt(8, SOL_SOCKET);
        message.control.setInt(12, SCM_RIGHTS);
        message.control.setInt(CMSG_HEADER, fd);
        if (c.sendmsg(socketFd, message.header, 0) != 1) {
            throw new IOException("sendmsg: errno " + Native.getLastError());
        }
    }

    @Override
    public int receive(int socketFd) throws IOException {
        Message message = new Message();
        long got = c.recvmsg(socketFd, message.header, MSG_CMSG_CLOEXEC);
        if (got < 0 && Native.getLastError() == EAGAIN) {
            return NOTHING_YET;
        }
        if (got != 1 || message.header.getLong(40) < CMSG_LEN || message.control.getInt(12) != SCM_RIGHTS) {
            throw new IOException("recvmsg: " + got + " bytes and no descriptor");
        }
        int fd = message.control.getInt(CMSG_HEADER);
        received.add(fd);
        return fd;
    }

    @Override
    public void close(int fd) {
        c.close(fd);
    }

    /** A struct msghdr of one byte and room for one descriptor. */
    private static final class Message {

        private final Memory data = new Memory(1);
        private final Memory iovec = new Memory(16);
        private final Memory control = new Memory(CMSG_SPACE);
        private final Memory header = new Memory(MSGHDR);

        Message() {
            data.clear();
            control.clear();
            header.clear();
            iovec.setPointer(0, data);
            iovec.setLong(8, 1);
            header.setPointer(16, iovec);
            header.setLong(24, 1);
            header.setPointer(32, control);
            header.setLong(40, CMSG_SPACE);
        }
    }
}
