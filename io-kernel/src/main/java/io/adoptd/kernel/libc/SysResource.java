package io.adoptd.kernel.libc;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Structure;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <sys/resource.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. */
interface SysResource extends Library {

    long RLIM64_INFINITY = 0xffff_ffff_ffff_ffffL;

    @Structure.FieldOrder({"rlim_cur", "rlim_max"})
    class rlimit64 extends Structure {
        public long rlim_cur;
        public long rlim_max;
    }

    int prlimit64(int pid, int resource, @Nullable rlimit64 new_limit, @Nullable rlimit64 old_limit)
            throws LastErrorException;
}
