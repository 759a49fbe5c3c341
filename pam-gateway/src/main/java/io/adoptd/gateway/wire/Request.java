package io.adoptd.gateway.wire;

import java.util.Set;
import java.util.function.Function;

/** What a client may ask. */
public sealed interface Request permits LoginRequest, Request.Ping {

    /** Are you there. */
    record Ping() implements Request {

        /** The frame. */
        public byte[] encode() {
            return new Frame(Frame.PING, new byte[0]).encode();
        }
    }

    /**
     * Reads a request.
     *
     * @param frame header and body, whole
     * @throws FrameException when it is not one; its reason is what to refuse with
     */
    static Request decode(byte[] frame) throws FrameException {
        Frame read = Frame.decode(frame, FrameLimits.REQUEST_BODY);
        return switch (read.type()) {
            case Frame.LOGIN -> LoginRequest.decodeBody(read.body());
            case Frame.PING -> ping(read.body());
            default -> throw FrameException.bad("type", read.type() + " is no request");
        };
    }

    private static Ping ping(byte[] body) throws FrameException {
        new FieldReader(body, Set.of(), Set.of()); // refuses what must be understood
        return new Ping();
    }

    default <R> R fold(Function<LoginRequest, R> login, Function<Ping, R> ping) {
        if (this instanceof LoginRequest l) {
            return login.apply(l);
        }
        return ping.apply((Ping) this);
    }
}
