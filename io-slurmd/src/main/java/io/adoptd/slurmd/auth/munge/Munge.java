package io.adoptd.slurmd.auth.munge;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/** Mirror of {@code <munge.h>}, libmunge.so.2, 0.5.x: C's names, C's order, nothing added. */
interface Munge extends Library {

    int MUNGE_OPT_TTL = 4;
    int MUNGE_OPT_SOCKET = 8;

    int EMUNGE_SUCCESS = 0;
    int EMUNGE_BAD_LENGTH = 3;
    int EMUNGE_BAD_CRED = 8;
    int EMUNGE_BAD_VERSION = 9;
    int EMUNGE_BAD_CIPHER = 10;
    int EMUNGE_BAD_MAC = 11;
    int EMUNGE_BAD_ZIP = 12;
    int EMUNGE_BAD_REALM = 13;
    int EMUNGE_CRED_INVALID = 14;
    int EMUNGE_CRED_EXPIRED = 15;
    int EMUNGE_CRED_REWOUND = 16;
    int EMUNGE_CRED_REPLAYED = 17;
    int EMUNGE_CRED_UNAUTHORIZED = 18;

    /** What it puts into {@code cred} is malloc'ed for us. */
    int munge_encode(PointerByReference cred, Pointer ctx, byte[] buf, int len);

    /** What it puts into {@code buf} is malloc'ed for us, also when it says EXPIRED, REWOUND or REPLAYED; may be null. */
    int munge_decode(
            String cred,
            Pointer ctx,
            PointerByReference buf,
            IntByReference len,
            IntByReference uid,
            IntByReference gid);

    String munge_strerror(int e);

    /** Null when there is no memory. */
    @Nullable
    Pointer munge_ctx_create();

    void munge_ctx_destroy(Pointer ctx);

    /** Null when the last call with this context succeeded. */
    @Nullable
    String munge_ctx_strerror(Pointer ctx);

    /** Variadic in C: one value, of the type that the option has. It is copied. */
    int munge_ctx_set(Pointer ctx, int opt, Object... value);
}
