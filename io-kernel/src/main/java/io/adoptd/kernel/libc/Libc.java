package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.adoptd.kernel.libc.Netdb.hostent;
import io.adoptd.kernel.libc.Pwd.passwd;
import io.adoptd.kernel.libc.SysResource.rlimit64;
import io.adoptd.kernel.libc.SysSocket.cmsghdr;
import io.adoptd.kernel.libc.SysSocket.msghdr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The calls themselves, in records instead of structs, and with {@link KernelException} for every refusal. A call that
 * a signal interrupts is made again. Descriptors are plain numbers: each call must be made where nobody closes them
 * meanwhile.
 *
 * <p>JNA keeps what a call is given alive until it returns, but not what that points to. Structs with pointers in them
 * are the msghdr and the iovec, whose memory {@link MessageMemory} owns, and the passwd and the hostent, which point into
 * a buffer that is closed after they were read.
 */
public final class Libc {

    private static final SysResource RESOURCE = load(SysResource.class);
    private static final SysStat STAT = load(SysStat.class);
    private static final Pwd PWD = load(Pwd.class);

    /** Bytes for the strings of one entry of the user database; sysconf(_SC_GETPW_R_SIZE_MAX) says 1,024. */
    private static final int PASSWD_BUFFER = 16 * 1_024;

    /** Bytes for the names and addresses of one host; one with more is as good as unknown. */
    private static final int HOST_BUFFER = 64 * 1_024;

    private static final int MOST_ALIASES = 64;
    private static final int MOST_ADDRESSES = 64;

    /** What few daemons ever need is loaded when they do. */
    private static final class Seldom {
        static final Netdb NETDB = load(Netdb.class);
    }

    private Libc() {}

    private static <T extends Library> T load(Class<T> mirror) {
        assertLayout();
        return Native.load(Platform.C_LIBRARY_NAME, mirror);
    }

    /** Binds the native methods of a mirror to the C library, without a proxy on their way. */
    static void bind(Class<?> mirror) {
        assertLayout();
        Native.register(mirror, Platform.C_LIBRARY_NAME);
    }

    private static void assertLayout() {
        if (!Platform.isLinux() || !(Platform.ARCH.equals("x86-64") || Platform.ARCH.equals("aarch64"))) {
            throw new UnsupportedOperationException(
                    "the structs are laid out for Linux on x86-64 and aarch64, not for " + Platform.RESOURCE_PREFIX);
        }
    }

    /** Opens a file for reading; it is not inherited by programs that this process starts. */
    public static int open(String file) throws KernelException {
        return (int) call("open", file, () -> Fcntl.open(file, Fcntl.O_RDONLY | Fcntl.O_CLOEXEC));
    }

    /**
     * read(2) into the start of {@code into}.
     *
     * @return how many bytes; 0 at the end
     */
    public static int read(int fd, byte[] into) throws KernelException {
        return (int) call("read", () -> Unistd.read(fd, into, into.length));
    }

    /** Closes the descriptor, whatever this says: Linux has given the number free even when it reports a fault. */
    public static void close(int fd) throws KernelException {
        try {
            Unistd.close(fd);
        } catch (LastErrorException e) {
            throw new KernelException("close", e.getErrorCode());
        }
    }

    /** The effective uid of this process, unsigned. */
    public static long geteuid() {
        return Integer.toUnsignedLong(Unistd.geteuid());
    }

    /**
     * The uid of a user name, unsigned, as nsswitch.conf(5) has it looked up. Blocks for as long as that takes.
     *
     * @return empty when nobody has that name
     */
    public static OptionalLong getpwnam(String name) throws KernelException {
        try (var buffer = new Memory(PASSWD_BUFFER)) {
            var entry = new passwd();
            var found = new PointerByReference();
            int errno = PWD.getpwnam_r(name, entry, buffer, buffer.size(), found);
            if (errno != 0) {
                throw new KernelException("getpwnam_r", errno);
            }
            return found.getValue() == null
                    ? OptionalLong.empty()
                    : OptionalLong.of(Integer.toUnsignedLong(entry.pw_uid));
        }
    }

    /**
     * The names and the addresses of a host, as nsswitch.conf(5) has them looked up. Blocks for as long as that takes.
     *
     * @param ipv6 which addresses
     * @return empty when there is no such host, or it has no such address
     * @throws KernelException when that cannot be told now
     */
    public static Optional<HostEntry> gethostbyname(String name, boolean ipv6) throws KernelException {
        try (var buffer = new Memory(HOST_BUFFER)) {
            var entry = new hostent();
            var found = new PointerByReference();
            var h_errno = new IntByReference();
            int errno = Seldom.NETDB.gethostbyname2_r(
                    name, ipv6 ? Netdb.AF_INET6 : Netdb.AF_INET, entry, buffer, buffer.size(), found, h_errno);
            if (found.getValue() != null) {
                return Optional.of(host(entry));
            }
            return switch (h_errno.getValue()) {
                case Netdb.HOST_NOT_FOUND, Netdb.NO_DATA -> Optional.empty();
                case Netdb.TRY_AGAIN -> throw new KernelException("gethostbyname " + name + " TRY_AGAIN", errno);
                case Netdb.NO_RECOVERY -> throw new KernelException("gethostbyname " + name + " NO_RECOVERY", errno);
                default -> throw new KernelException("gethostbyname " + name, errno);
            };
        }
    }

    private static HostEntry host(hostent entry) {
        var aliases = pointers(entry.h_aliases, MOST_ALIASES).stream()
                .map(alias -> alias.getString(0))
                .toList();
        var addresses = pointers(entry.h_addr_list, MOST_ADDRESSES).stream()
                .map(address -> address.getByteArray(0, entry.h_length))
                .toList();
        Pointer name = entry.h_name;
        return new HostEntry(name == null ? "" : name.getString(0), aliases, addresses);
    }

    /** Of C's array that ends with a null pointer. */
    private static List<Pointer> pointers(@Nullable Pointer array, int most) {
        var pointers = new ArrayList<Pointer>();
        while (array != null && pointers.size() < most) {
            Pointer next = array.getPointer((long) pointers.size() * Long.BYTES);
            if (next == null) {
                break;
            }
            pointers.add(next);
        }
        return pointers;
    }

    /**
     * Sets which permissions the files that this process makes shall not have.
     *
     * @return what it was before
     */
    public static int umask(int mask) {
        return STAT.umask(mask);
    }

    /**
     * A new descriptor of a process, close-on-exec, pidfd_open(2), Linux 5.3.
     *
     * @throws KernelException ESRCH when there is no such process, ENOSYS when the kernel is older
     */
    public static int pidfdOpen(int pid) throws KernelException {
        return (int) call("pidfd_open", pid, () -> Unistd.syscall(Unistd.SYS_pidfd_open, pid, 0));
    }

    /** Who connected the socket, or listened on it: getsockopt {@code SO_PEERCRED}, unix(7). */
    public static Ucred peerCredentials(int socket) throws KernelException {
        int[] ucred = new int[3];
        int[] length = {ucred.length * Integer.BYTES};
        call(
                "getsockopt",
                "SO_PEERCRED",
                () -> SysSocket.getsockopt(socket, SysSocket.SOL_SOCKET, SysSocket.SO_PEERCRED, ucred, length));
        return new Ucred(ucred[0], Integer.toUnsignedLong(ucred[1]), Integer.toUnsignedLong(ucred[2]));
    }

    /**
     * A new descriptor, close-on-exec, of the process that {@link #peerCredentials} names: getsockopt
     * {@code SO_PEERPIDFD}, Linux 6.5.
     *
     * @throws KernelException ENOPROTOOPT when the kernel is older
     */
    public static int peerPidfd(int socket) throws KernelException {
        int[] pidfd = {-1};
        int[] length = {Integer.BYTES};
        call(
                "getsockopt",
                "SO_PEERPIDFD",
                () -> SysSocket.getsockopt(socket, SysSocket.SOL_SOCKET, SysSocket.SO_PEERPIDFD, pidfd, length));
        return pidfd[0];
    }

    /** Whether a read of the descriptor would return at once: poll(2) for {@code POLLIN}, without waiting. */
    public static boolean isReadable(int fd) throws KernelException {
        int[] one = {fd, Poll.POLLIN}; // little-endian, as both machines are: revents is the upper half
        call("poll", () -> Poll.poll(one, 1, 0));
        int revents = one[1] >>> Short.SIZE;
        if ((revents & Poll.POLLNVAL) != 0) {
            throw new KernelException("poll", Errno.EBADF);
        }
        return revents != 0;
    }

    /**
     * prlimit(2).
     *
     * @param resource one of C's {@code RLIMIT_} numbers
     * @param limit what to set; null to set nothing
     * @return what it was before
     */
    public static Rlimit prlimit(int pid, int resource, @Nullable Rlimit limit) throws KernelException {
        var old = new rlimit64();
        call("prlimit", pid, () -> RESOURCE.prlimit64(pid, resource, limit == null ? null : struct(limit), old));
        return new Rlimit(old.rlim_cur, old.rlim_max);
    }

    private static rlimit64 struct(Rlimit limit) {
        var struct = new rlimit64();
        struct.rlim_cur = limit.cur();
        struct.rlim_max = limit.max();
        return struct;
    }

    /**
     * sendmsg(2) without waiting and without SIGPIPE, with the descriptors as one {@code SCM_RIGHTS}, unix(7).
     *
     * @return how many of the bytes went; the descriptors go with the first
     * @throws KernelException EAGAIN when nothing can be sent now
     */
    public static int sendmsg(int socket, byte[] bytes, int... descriptors) throws KernelException {
        try (var memory = new MessageMemory(bytes.length, cmsgSpace(descriptors.length))) {
            memory.data().write(0, bytes, 0, bytes.length);
            var header = new cmsghdr(memory.control());
            header.cmsg_len = cmsgLength(descriptors.length);
            header.cmsg_level = SysSocket.SOL_SOCKET;
            header.cmsg_type = SysSocket.SCM_RIGHTS;
            header.write();
            memory.control().write(cmsgLength(0), descriptors, 0, descriptors.length);
            return (int) call(
                    "sendmsg",
                    () -> SysSocket.sendmsg(socket, memory.header(), SysSocket.MSG_DONTWAIT | SysSocket.MSG_NOSIGNAL));
        }
    }

    /**
     * recvmsg(2) without waiting; the descriptors that come are close-on-exec.
     *
     * @param atMostBytes leaves what follows in the socket
     * @param atMostDescriptors room for so many; more make it {@link Message#truncated}
     * @throws KernelException EAGAIN when there is nothing yet
     */
    public static Message recvmsg(int socket, int atMostBytes, int atMostDescriptors) throws KernelException {
        try (var memory = new MessageMemory(atMostBytes, cmsgSpace(atMostDescriptors))) {
            msghdr header = memory.header();
            long bytes = call(
                    "recvmsg",
                    () -> SysSocket.recvmsg(socket, header, SysSocket.MSG_DONTWAIT | SysSocket.MSG_CMSG_CLOEXEC));
            boolean truncated = (header.msg_flags & SysSocket.MSG_CTRUNC) != 0;
            return new Message((int) bytes, descriptors(memory.control(), header.msg_controllen), truncated);
        }
    }

    private static List<Integer> descriptors(Memory control, long length) {
        var descriptors = new ArrayList<Integer>();
        for (long at = 0; at + cmsgLength(0) <= length; ) {
            var header = new cmsghdr(control.share(at));
            header.read();
            if (header.cmsg_level == SysSocket.SOL_SOCKET && header.cmsg_type == SysSocket.SCM_RIGHTS) {
                int count = (int) (header.cmsg_len - cmsgLength(0)) / Integer.BYTES;
                for (int fd : control.getIntArray(at + cmsgLength(0), count)) {
                    descriptors.add(fd);
                }
            }
            at += align(Math.max(header.cmsg_len, cmsgLength(0)));
        }
        return descriptors;
    }

    /** C's {@code CMSG_LEN} for so many descriptors; for none it is where they begin. */
    private static long cmsgLength(int descriptors) {
        return 16 + (long) Integer.BYTES * descriptors;
    }

    /** C's {@code CMSG_SPACE} for so many descriptors. */
    private static long cmsgSpace(int descriptors) {
        return align(cmsgLength(descriptors));
    }

    private static long align(long length) {
        return (length + 7) & ~7;
    }

    /** A thin system call: its errno alone tells that it failed. */
    private interface Call {
        long make() throws LastErrorException;
    }

    private static long call(String name, Call call) throws KernelException {
        return call(name, null, call);
    }

    /** @param about what it was called for, for the exception */
    private static long call(String name, @Nullable Object about, Call call) throws KernelException {
        while (true) {
            try {
                return call.make();
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Errno.EINTR) {
                    throw new KernelException(about == null ? name : name + " " + about, e.getErrorCode());
                }
            }
        }
    }
}
