package io.adoptd.kernel.libc;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <pwd.h>}, glibc, x86-64 and aarch64: C's names, C's order, nothing added. */
interface Pwd extends Library {

    @Structure.FieldOrder({"pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"})
    class passwd extends Structure {
        public @Nullable Pointer pw_name;
        public @Nullable Pointer pw_passwd;
        public int pw_uid;
        public int pw_gid;
        public @Nullable Pointer pw_gecos;
        public @Nullable Pointer pw_dir;
        public @Nullable Pointer pw_shell;
    }

    /** Its result is the errno; what it leaves in errno on the way means nothing. */
    int getpwnam_r(String name, passwd pwd, Pointer buf, long buflen, PointerByReference result);
}
