package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.message.ReturnCode;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Header;
import io.adoptd.slurmd.wire.Mangled;
import io.adoptd.slurmd.wire.SlurmAddr;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What slurmds answer. */
final class SlurmdReplies {

    static final long ROOT = 0;

    private final FakeCredentials credentials;

    SlurmdReplies(FakeCredentials credentials) {
        this.credentials = credentials;
    }

    /** An honest answer in the word of the request. */
    Function<RpcFrame, Bytes> job(long job) {
        return job(job, ROOT, BodyHash.K12);
    }

    Function<RpcFrame, Bytes> job(long job, long uid, BodyHash hash) {
        return request -> {
            Bytes body = body(job, version(request));
            return boundTo(hash.payload(NetworkCalleridResponse.TYPE, body), uid, body)
                    .apply(request);
        };
    }

    /** An answer with a credential for {@code payload}, whatever its body is. */
    Function<RpcFrame, Bytes> boundTo(Bytes payload, long uid, Bytes body) {
        return request -> reply(
                version(request),
                NetworkCalleridResponse.TYPE,
                new AuthBlock(AuthPlugin.MUNGE, credentials.of(uid, payload)),
                body);
    }

    static Bytes body(long job, SlurmVersion version) {
        return new NetworkCalleridResponse(
                        0, job, NetworkCalleridResponse.NO_VAL, NetworkCalleridResponse.NO_VAL, 0, "n01")
                .encode(version);
    }

    /** A return code as 23.02 and later send it: with the address of whoever asked, without a credential. */
    static Function<RpcFrame, Bytes> code(long code) {
        return request -> {
            Bytes body = new ReturnCode(ReturnCode.RC, code, null).encode();
            var address = new SlurmAddr(2, Mangled.hex("0100007F 8682"));
            var header = new Header(version(request), 0x0044, ReturnCode.RC, body.size(), address);
            return new RpcFrame(header, null, body).encode();
        };
    }

    /** A return code with a message, as 22.05 would send one: with a credential. */
    Function<RpcFrame, Bytes> codeWithMessage(long code, String message) {
        return request -> {
            Bytes body = new ReturnCode(ReturnCode.RC_MSG, code, message).encode();
            Bytes payload = BodyHash.K12.payload(ReturnCode.RC_MSG, body);
            var auth = new AuthBlock(AuthPlugin.MUNGE, credentials.of(ROOT, payload));
            return reply(version(request), ReturnCode.RC_MSG, auth, body);
        };
    }

    static Bytes reply(SlurmVersion version, int type, @Nullable AuthBlock auth, Bytes body) {
        int flags = auth == null ? Header.NO_AUTH_CRED : 0;
        return new RpcFrame(new Header(version, flags, type, body.size(), SlurmAddr.UNSPECIFIED), auth, body).encode();
    }

    private static SlurmVersion version(RpcFrame request) {
        return request.header().version();
    }
}
