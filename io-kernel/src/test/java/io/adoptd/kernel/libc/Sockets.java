package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Raw descriptors for tests: sockets, pipes, and reading and writing them. Whoever makes one closes it. */
public final class Sockets {

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int F_GETFD = 1;
    private static final C LIBC = Native.load("c", C.class);

    /** Mirror of what the tests need. */
    interface C extends Library {
        int socketpair(int domain, int type, int protocol, int[] fds) throws LastErrorException;

        int socket(int domain, int type, int protocol) throws LastErrorException;

        int bind(int fd, byte[] address, int length) throws LastErrorException;

        int listen(int fd, int backlog) throws LastErrorException;

        int accept(int fd, byte[] address, int[] length) throws LastErrorException;

        int pipe(int[] fds) throws LastErrorException;

        long write(int fd, byte[] bytes, long count) throws LastErrorException;

        int fcntl(int fd, int command, Object... argument) throws LastErrorException;
    }

    private Sockets() {}

    /** Two stream sockets connected to each other. */
    public static int[] pair() {
        var fds = new int[2];
        LIBC.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
        return fds;
    }

    /** Read end, write end. */
    public static int[] pipe() {
        var fds = new int[2];
        LIBC.pipe(fds);
        return fds;
    }

    public static int listen(String path) {
        int fd = LIBC.socket(AF_UNIX, SOCK_STREAM, 0);
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        var address = new byte[2 + name.length + 1]; // struct sockaddr_un: family in native order, path, NUL
        address[0] = AF_UNIX;
        System.arraycopy(name, 0, address, 2, name.length);
        LIBC.bind(fd, address, address.length);
        LIBC.listen(fd, 16);
        return fd;
    }

    /** Waits for the next client. */
    public static int accept(int listener) {
        return LIBC.accept(listener, new byte[128], new int[] {128});
    }

    public static long write(int fd, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return LIBC.write(fd, bytes, bytes.length);
    }

    public static String read(int fd) throws KernelException {
        var bytes = new byte[256];
        int count = Libc.read(fd, bytes);
        return new String(Arrays.copyOf(bytes, count), StandardCharsets.UTF_8);
    }

    public static boolean isCloseOnExec(int fd) {
        return (LIBC.fcntl(fd, F_GETFD) & 1) != 0;
    }

    public static void close(int... fds) throws KernelException {
        for (int fd : fds) {
            Libc.close(fd);
        }
    }
}
