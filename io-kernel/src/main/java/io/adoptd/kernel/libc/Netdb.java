package io.adoptd.kernel.libc;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <netdb.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. */
interface Netdb extends Library {

    int HOST_NOT_FOUND = 1;
    int TRY_AGAIN = 2;
    int NO_RECOVERY = 3;
    int NO_DATA = 4;

    int AF_INET = 2; // sys/socket.h
    int AF_INET6 = 10;

    @Structure.FieldOrder({"h_name", "h_aliases", "h_addrtype", "h_length", "h_addr_list"})
    class hostent extends Structure {
        public @Nullable Pointer h_name;
        public @Nullable Pointer h_aliases;
        public int h_addrtype;
        public int h_length;
        public @Nullable Pointer h_addr_list;
    }

    /** Its result is the errno, which says that the buffer is too small and little else: h_errnop says the rest. */
    int gethostbyname2_r(
            String name,
            int af,
            hostent ret,
            Pointer buf,
            long buflen,
            PointerByReference result,
            IntByReference h_errnop);
}
