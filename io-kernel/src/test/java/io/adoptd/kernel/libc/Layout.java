package io.adoptd.kernel.libc;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The numbers that a C program printed; glibc 2.36, the same on x86-64 and aarch64. */
public final class Layout {

    /** Size of each struct, then the offset of each member. */
    static final List<String> STRUCTS = List.of(
            "struct rlimit64 16 rlim_cur 0 rlim_max 8",
            "struct iovec 16 iov_base 0 iov_len 8",
            "struct msghdr 56 msg_name 0 msg_namelen 8 msg_iov 16 msg_iovlen 24 msg_control 32 msg_controllen 40"
                    + " msg_flags 48",
            "struct cmsghdr 16 cmsg_len 0 cmsg_level 8 cmsg_type 12",
            "struct passwd 48 pw_name 0 pw_passwd 8 pw_uid 16 pw_gid 20 pw_gecos 24 pw_dir 32 pw_shell 40",
            "struct hostent 32 h_name 0 h_aliases 8 h_addrtype 16 h_length 20 h_addr_list 24");

    /** Those that are handed over as arrays of ints: {@code Libc} counts on where their members are. */
    static final List<String> ARRAYS =
            List.of("struct ucred 12 pid 0 uid 4 gid 8", "struct pollfd 8 fd 0 events 4 revents 6");

    static final List<String> CONSTANTS = List.of(
            "RLIM64_INFINITY -1",
            "SOL_SOCKET 1",
            "SO_PEERCRED 17",
            "SO_PEERPIDFD 77",
            "SCM_RIGHTS 1",
            "MSG_CTRUNC 8",
            "MSG_DONTWAIT 64",
            "MSG_NOSIGNAL 16384",
            "MSG_CMSG_CLOEXEC 1073741824",
            "POLLIN 1",
            "POLLNVAL 32",
            "SYS_pidfd_open 434",
            "HOST_NOT_FOUND 1",
            "TRY_AGAIN 2",
            "NO_RECOVERY 3",
            "NO_DATA 4",
            "AF_INET 2",
            "AF_INET6 10",
            "O_RDONLY 0",
            "O_CLOEXEC 524288");

    private static final List<String> RESOURCES = List.of(
            "RLIMIT_CPU 0",
            "RLIMIT_FSIZE 1",
            "RLIMIT_DATA 2",
            "RLIMIT_STACK 3",
            "RLIMIT_CORE 4",
            "RLIMIT_RSS 5",
            "RLIMIT_NPROC 6",
            "RLIMIT_NOFILE 7",
            "RLIMIT_MEMLOCK 8",
            "RLIMIT_AS 9",
            "RLIMIT_LOCKS 10",
            "RLIMIT_SIGPENDING 11",
            "RLIMIT_MSGQUEUE 12",
            "RLIMIT_NICE 13",
            "RLIMIT_RTPRIO 14",
            "RLIMIT_RTTIME 15");

    private Layout() {}

    /** C's {@code RLIMIT_} names and numbers. */
    public static Map<String, Integer> resources() {
        return RESOURCES.stream()
                .map(line -> line.split(" ", -1))
                .collect(Collectors.toMap(name -> name[0], name -> Integer.valueOf(name[1])));
    }

    static List<String> resourceLines() {
        return RESOURCES;
    }
}
