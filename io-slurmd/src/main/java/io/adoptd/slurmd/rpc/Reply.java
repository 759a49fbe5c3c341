package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.slurmd.auth.AuthBlock;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.message.ReturnCode;
import io.adoptd.slurmd.rpc.Outcome.Sign;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What came back from a slurmd's port. Nobody vouches for any of it yet. */
sealed interface Reply {

    /**
     * A callerid answer.
     *
     * @param body what the credential has to be bound to
     */
    record Callerid(
            NetworkCalleridResponse response, @Nullable AuthBlock auth, Bytes body) implements Reply {}

    /** A plain return code. */
    record Code(long code) implements Reply {}

    /** No Slurm answer at all: what most slurmds do to a request in a word that they do not speak. */
    record Unspoken(String why) implements Reply {}

    /** The connection, or what came over it, is of no use. */
    record Fault(Failure failure, String why, Sign sign) implements Reply {}

    /**
     * Reads what a peer sent until it was one frame or the peer stopped.
     *
     * @param word of the request: an answer has its form
     */
    static Reply read(Bytes received, SlurmVersion word) {
        if (received.size() == 0) {
            return new Unspoken("closed without an answer");
        }
        if (RpcFrame.isHttp(received)) {
            return new Unspoken("answered in HTTP");
        }
        RpcFrame frame = RpcFrame.decode(received);
        var body = new Unpacker(frame.body());
        int type = frame.header().messageType();
        return switch (type) {
            case NetworkCalleridResponse.TYPE -> callerid(frame, body, word);
            case ReturnCode.RC -> new Code(ReturnCode.decode(body).code());
            case ReturnCode.RC_MSG ->
                new Code(ReturnCode.decodeWithMessage(body).code());
            default -> new Fault(Failure.UNREADABLE, "message type " + type, Sign.ALIVE);
        };
    }

    default <R> R fold(
            Function<Callerid, R> callerid,
            Function<Code, R> code,
            Function<Unspoken, R> unspoken,
            Function<Fault, R> fault) {
        if (this instanceof Callerid c) {
            return callerid.apply(c);
        }
        if (this instanceof Code c) {
            return code.apply(c);
        }
        if (this instanceof Unspoken u) {
            return unspoken.apply(u);
        }
        return fault.apply((Fault) this);
    }

    private static Reply callerid(RpcFrame frame, Unpacker body, SlurmVersion word) {
        SlurmVersion answered = frame.header().version();
        if (answered != word) {
            throw new DecodeException("version", RpcFrame.LENGTH_BYTES, answered + " to a request in " + word);
        }
        return new Callerid(NetworkCalleridResponse.decode(body, word), frame.auth(), frame.body());
    }
}
