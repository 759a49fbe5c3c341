package io.adoptd.bench;

import io.adoptd.gateway.wire.FrameException;
import io.adoptd.gateway.wire.Reply;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import io.adoptd.gateway.wire.Request;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.auth.AuthPlugin;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.auth.Token;
import io.adoptd.slurmd.message.NetworkCalleridRequest;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Header;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What do the bytes themselves cost: a login's frames both ways, and the question for a connection with its answer? */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
        value = 1,
        jvmArgsAppend = {AsTheDaemon.COLLECTOR, AsTheDaemon.COMPILER, AsTheDaemon.HEAP})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {

    private static final SlurmVersion VERSION = SlurmVersion.COMMON;

    /** As long as munge's are. */
    private static final Token CREDENTIAL = new Token("MUNGE:" + "A".repeat(200) + ":");

    private final byte[] login = LoginKind.ONE_JOB.frame();
    private final VerdictReply verdict = new VerdictReply(
            Reply.Answer.SUCCESS,
            "only_job",
            null,
            List.of("SLURM_JOB_ID=11"),
            List.of(),
            "4711",
            "steps=1 steps_ms=0.31 adopt=ok adopt_ms=0.42 membership=in_step membership_ms=0.12");
    private final byte[] verdictFrame = verdict.encode();
    private final Connection connection = new Connection(endpoint(10, 40_000), endpoint(11, 22));
    private final Bytes calleridReply = calleridReply();

    /** A login's request, as the module would send it. */
    @Benchmark
    public byte[] encodeLogin() {
        return LoginKind.ONE_JOB.frame();
    }

    @Benchmark
    public Request decodeLogin() throws FrameException {
        return Request.decode(login);
    }

    @Benchmark
    public byte[] encodeVerdict() {
        return verdict.encode();
    }

    @Benchmark
    public Reply decodeVerdict() throws FrameException {
        return Reply.decode(verdictFrame);
    }

    /** The whole RPC, with the hash that binds its credential; the credential itself is munged's. */
    @Benchmark
    public Bytes encodeCallerid() {
        Bytes body = NetworkCalleridRequest.of(connection).encode();
        Bytes payload = BodyHash.K12.payload(NetworkCalleridRequest.TYPE, body);
        Bytes rpc = rpc(NetworkCalleridRequest.TYPE, body);
        return payload.size() > 0 ? rpc : payload;
    }

    /** The same of the answer. */
    @Benchmark
    public NetworkCalleridResponse decodeCallerid() {
        var in = new Unpacker(calleridReply);
        in.uint32("frame_len");
        Header header = Header.decode(in);
        AuthBlock.decode(in);
        Bytes body = in.raw("body", in.left());
        if (!BodyHash.binds(BodyHash.K12.payload(header.messageType(), body), header.messageType(), body)) {
            throw new IllegalStateException("not bound");
        }
        return NetworkCalleridResponse.decode(new Unpacker(body), header.version());
    }

    private static Bytes calleridReply() {
        Bytes body = new NetworkCalleridResponse(
                        0, 31, NetworkCalleridResponse.NO_VAL, NetworkCalleridResponse.NO_VAL, 0, "c2")
                .encode(VERSION);
        return rpc(NetworkCalleridResponse.TYPE, body);
    }

    private static Bytes rpc(int type, Bytes body) {
        var out = new Packer();
        Header.ofRequest(VERSION, type, body.size()).encode(out);
        new AuthBlock(AuthPlugin.MUNGE, CREDENTIAL).encode(out);
        return new Packer().mem(out.raw(body).packed()).packed();
    }

    private static Endpoint endpoint(int last, int port) {
        try {
            return new Endpoint(InetAddress.getByAddress(new byte[] {10, 77, 0, (byte) last}), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
