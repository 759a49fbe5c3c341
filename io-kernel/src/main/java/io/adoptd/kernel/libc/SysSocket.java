package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <sys/socket.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. */
interface SysSocket extends Library {

    int SOL_SOCKET = 1;
    int SO_PEERCRED = 17;
    int SO_PEERPIDFD = 77; // asm-generic/socket.h, Linux 6.5
    int SCM_RIGHTS = 1;
    int MSG_CTRUNC = 0x8;
    int MSG_DONTWAIT = 0x40;
    int MSG_NOSIGNAL = 0x4000;
    int MSG_CMSG_CLOEXEC = 0x4000_0000;

    @Structure.FieldOrder({"iov_base", "iov_len"})
    class iovec extends Structure {
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
    class msghdr extends Structure {
        public @Nullable Pointer msg_name;
        public int msg_namelen;
        public @Nullable Pointer msg_iov;
        public long msg_iovlen;
        public @Nullable Pointer msg_control;
        public long msg_controllen;
        public int msg_flags;
    }

    @Structure.FieldOrder({"cmsg_len", "cmsg_level", "cmsg_type"})
    class cmsghdr extends Structure {
        public long cmsg_len;
        public int cmsg_level;
        public int cmsg_type;

        cmsghdr(Pointer at) {
            super(at);
        }
    }

    @Structure.FieldOrder({"pid", "uid", "gid"})
    class ucred extends Structure {
        public int pid;
        public int uid;
        public int gid;
    }

    int getsockopt(int fd, int level, int optname, ucred optval, IntByReference optlen) throws LastErrorException;

    int getsockopt(int fd, int level, int optname, IntByReference optval, IntByReference optlen)
            throws LastErrorException;

    long sendmsg(int fd, msghdr message, int flags) throws LastErrorException;

    long recvmsg(int fd, msghdr message, int flags) throws LastErrorException;
}
