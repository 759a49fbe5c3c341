package io.adoptd.slurmd.auth.munge;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.slurmd.auth.AuthInfo;
import io.adoptd.slurmd.auth.MakeAnswer;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.auth.VerifyAnswer;
import io.adoptd.slurmd.auth.VerifyAnswer.Refusal;
import io.adoptd.slurmd.auth.VerifyAnswer.VerifiedCredential;
import io.adoptd.slurmd.wire.Bytes;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The two calls that are made of libmunge, blocking. Its patience cannot be set: it waits 2 s for munged and tries five
 * times. A context serves one call and one direction only: {@code munge_decode} writes into its own, and an encode with
 * that fails afterwards.
 */
final class MungeCalls {

    private static final String LIBRARY = "libmunge.so.2";
    private static final String NOT_LOADED = LIBRARY + " cannot be loaded";
    private static final String NO_MEMORY = "munge_ctx_create: no memory";
    private static final int NO_UID = -1;

    private final Supplier<Munge> loader;
    private volatile @Nullable Munge loaded;

    MungeCalls() {
        this(() -> load(LIBRARY));
    }

    MungeCalls(Supplier<Munge> loader) {
        this.loader = loader;
    }

    static Munge load(String library) {
        return Native.load(library, Munge.class, Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));
    }

    MakeAnswer encode(Bytes payload, AuthInfo info) {
        try {
            return encode(munge(), payload, info);
        } catch (LinkageError e) {
            return new MakeAnswer.Unavailable(NOT_LOADED);
        }
    }

    VerifyAnswer decode(Token credential, AuthInfo info) {
        try {
            return decode(munge(), credential, info);
        } catch (LinkageError e) {
            return new VerifyAnswer.Unavailable(NOT_LOADED);
        }
    }

    private static MakeAnswer encode(Munge munge, Bytes payload, AuthInfo info) {
        Pointer ctx = munge.munge_ctx_create();
        if (ctx == null) {
            return new MakeAnswer.Unavailable(NO_MEMORY);
        }
        var credential = new PointerByReference();
        try {
            int error = set(munge, ctx, info);
            if (error == Munge.EMUNGE_SUCCESS) {
                error = munge.munge_encode(credential, ctx, payload.toArray(), payload.size());
            }
            return error == Munge.EMUNGE_SUCCESS
                    ? new MakeAnswer.Made(new Token(credential.getValue().getString(0, "US-ASCII")))
                    : new MakeAnswer.Unavailable(why(munge, ctx, error));
        } finally {
            free(credential);
            munge.munge_ctx_destroy(ctx);
        }
    }

    private static VerifyAnswer decode(Munge munge, Token credential, AuthInfo info) {
        Pointer ctx = munge.munge_ctx_create();
        if (ctx == null) {
            return new VerifyAnswer.Unavailable(NO_MEMORY);
        }
        var payload = new PointerByReference();
        try {
            var length = new IntByReference();
            var uid = new IntByReference(NO_UID);
            var gid = new IntByReference(NO_UID);
            int error = set(munge, ctx, info);
            if (error == Munge.EMUNGE_SUCCESS) {
                error = munge.munge_decode(credential.reveal(), ctx, payload, length, uid, gid);
            }
            return error == Munge.EMUNGE_SUCCESS
                    ? verified(payload, length.getValue(), uid.getValue(), gid.getValue())
                    : notVerified(munge, ctx, error);
        } finally {
            free(payload);
            munge.munge_ctx_destroy(ctx);
        }
    }

    private static int set(Munge munge, Pointer ctx, AuthInfo info) {
        int error = Munge.EMUNGE_SUCCESS;
        if (info.socket() != null) {
            error = munge.munge_ctx_set(ctx, Munge.MUNGE_OPT_SOCKET, info.socket());
        }
        if (error == Munge.EMUNGE_SUCCESS && info.ttlSeconds() > 0) {
            error = munge.munge_ctx_set(ctx, Munge.MUNGE_OPT_TTL, info.ttlSeconds());
        }
        return error;
    }

    private static VerifyAnswer verified(PointerByReference payload, int length, int uid, int gid) {
        if (uid == NO_UID) {
            return new VerifyAnswer.Refused(Refusal.INVALID, "a credential of no uid");
        }
        Bytes bound = length == 0 ? Bytes.NONE : Bytes.of(payload.getValue().getByteArray(0, length));
        return new VerifyAnswer.Verified(
                new VerifiedCredential(new Uid(Integer.toUnsignedLong(uid)), Integer.toUnsignedLong(gid), bound));
    }

    /** What concerns the credential is a refusal; all else, unknown numbers included, tells nothing of it. */
    private static VerifyAnswer notVerified(Munge munge, Pointer ctx, int error) {
        return switch (error) {
            case Munge.EMUNGE_CRED_EXPIRED -> refused(Refusal.EXPIRED, munge, error);
            case Munge.EMUNGE_CRED_REWOUND -> refused(Refusal.REWOUND, munge, error);
            case Munge.EMUNGE_CRED_REPLAYED -> refused(Refusal.REPLAYED, munge, error);
            case Munge.EMUNGE_CRED_UNAUTHORIZED -> refused(Refusal.NOT_FOR_US, munge, error);
            case Munge.EMUNGE_BAD_LENGTH,
                    Munge.EMUNGE_BAD_CRED,
                    Munge.EMUNGE_BAD_VERSION,
                    Munge.EMUNGE_BAD_CIPHER,
                    Munge.EMUNGE_BAD_MAC,
                    Munge.EMUNGE_BAD_ZIP,
                    Munge.EMUNGE_BAD_REALM,
                    Munge.EMUNGE_CRED_INVALID -> refused(Refusal.INVALID, munge, error);
            default -> new VerifyAnswer.Unavailable(why(munge, ctx, error));
        };
    }

    /** Only the library's fixed words: a refusal is logged next to an attacker's address. */
    private static VerifyAnswer refused(Refusal refusal, Munge munge, int error) {
        return new VerifyAnswer.Refused(refusal, "munge: " + munge.munge_strerror(error) + " (" + error + ")");
    }

    /** The context's own words name the socket. */
    private static String why(Munge munge, Pointer ctx, int error) {
        String said = munge.munge_ctx_strerror(ctx);
        return "munge: " + (said == null ? munge.munge_strerror(error) : said) + " (" + error + ")";
    }

    private static void free(PointerByReference malloced) {
        Pointer memory = malloced.getValue();
        if (memory != null) {
            Native.free(Pointer.nativeValue(memory));
        }
    }

    /** Found at its first use, and looked for again as long as it is not there. */
    private Munge munge() {
        Munge munge = loaded;
        if (munge == null) {
            munge = loader.get();
            loaded = munge;
        }
        return munge;
    }
}
