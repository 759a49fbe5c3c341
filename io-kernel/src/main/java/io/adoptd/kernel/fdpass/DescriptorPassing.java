package io.adoptd.kernel.fdpass;

import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.libc.Message;

/**
 * Sends and receives descriptors on a Unix stream socket; unix(7). Nothing here waits, whether or not the socket would.
 * The socket must belong to the calling thread: a socket closed meanwhile may be another file by then.
 */
public final class DescriptorPassing {

    /** How many descriptors one message carries at most. */
    public static final int MAX_DESCRIPTORS = 8;

    private DescriptorPassing() {}

    /**
     * Sends bytes and descriptors in one message. The descriptors stay open here.
     *
     * @param bytes at least one, for descriptors do not travel alone
     * @param descriptors 1 to {@link #MAX_DESCRIPTORS}
     * @return how many of the bytes went, the descriptors with the first of them; 0 when the socket is full and nothing
     *     went
     */
    public static int send(int socket, byte[] bytes, int... descriptors) throws KernelException {
        if (bytes.length == 0) {
            throw new IllegalArgumentException("no byte to send the descriptors with");
        }
        if (descriptors.length == 0 || descriptors.length > MAX_DESCRIPTORS) {
            throw new IllegalArgumentException("cannot send " + descriptors.length + " descriptors");
        }
        try {
            return Libc.sendmsg(socket, bytes, descriptors);
        } catch (KernelException e) {
            if (e.errno() == Errno.EAGAIN) {
                return 0;
            }
            throw e;
        }
    }

    /**
     * Takes one byte and the one descriptor that must come with it, close-on-exec, and leaves what follows in the
     * socket.
     *
     * @return exactly what came; all descriptors of a message that is {@link Received.Refused} are closed
     */
    public static Received receive(int socket) throws KernelException {
        try {
            return received(Libc.recvmsg(socket, 1, MAX_DESCRIPTORS));
        } catch (KernelException e) {
            if (e.errno() == Errno.EAGAIN) {
                return new Received.NotYet();
            }
            throw e;
        }
    }

    /** The kernel truncates also what it has no free descriptors for, so that one of two can look like the one. */
    static Received received(Message message) throws KernelException {
        if (message.descriptors().size() == 1 && !message.truncated()) {
            return new Received.Descriptor(message.descriptors().get(0));
        }
        for (int descriptor : message.descriptors()) {
            close(descriptor);
        }
        return message.bytes() == 0 ? new Received.Ended() : new Received.Refused(whatCame(message));
    }

    private static String whatCame(Message message) {
        String more = message.truncated() ? " or more" : "";
        return message.descriptors().size() + more + " descriptors where one was expected";
    }

    /** Closes a descriptor that {@link #receive} gave. */
    public static void close(int descriptor) throws KernelException {
        Libc.close(descriptor);
    }
}
