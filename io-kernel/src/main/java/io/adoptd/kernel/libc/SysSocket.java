package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <sys/socket.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. Bound directly. */
final class SysSocket {

    static final int SOL_SOCKET = 1;
    static final int SO_PEERCRED = 17;
    static final int SO_PEERPIDFD = 77; // asm-generic/socket.h, Linux 6.5
    static final int SCM_RIGHTS = 1;
    static final int MSG_CTRUNC = 0x8;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

    static {
        Libc.bind(SysSocket.class);
    }

    private SysSocket() {}

    @Structure.FieldOrder({"iov_base", "iov_len"})
    public static final class iovec extends Structure {
        public @Nullable Pointer iov_base;
        public long iov_len;
    }

    @Structure.FieldOrder({
        "msg_name",
        "msg_namelen",
        "msg_iov",
        "msg_iovlen",
        "msg_control",
        "msg_controllen",
        "msg_flags"
    })
    public static final class msghdr extends Structure {
        public @Nullable Pointer msg_name;
        public int msg_namelen;
        public @Nullable Pointer msg_iov;
        public long msg_iovlen;
        public @Nullable Pointer msg_control;
        public long msg_controllen;
        public int msg_flags;
    }

    @Structure.FieldOrder({"cmsg_len", "cmsg_level", "cmsg_type"})
    public static final class cmsghdr extends Structure {
        public long cmsg_len;
        public int cmsg_level;
        public int cmsg_type;

        cmsghdr(Pointer at) {
            super(at);
        }
    }

    /** For {@code SO_PEERCRED} the value is C's {@code struct ucred}: pid, uid, gid. */
    static native int getsockopt(int fd, int level, int optname, int[] optval, int[] optlen) throws LastErrorException;

    static native long sendmsg(int fd, msghdr message, int flags) throws LastErrorException;

    static native long recvmsg(int fd, msghdr message, int flags) throws LastErrorException;
}
