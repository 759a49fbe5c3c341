package io.adoptd.gateway.wire;

import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a client may ask. */
public sealed interface Request permits LoginRequest, Request.Ping, Request.Command {

    /** Are you there. */
    record Ping() implements Request {

        /** The frame. */
        public byte[] encode() {
            return new Frame(Frame.PING, new byte[0]).encode();
        }
    }

    /**
     * Show or change something of the running daemon.
     *
     * @param name what; 1 to 32 of {@code [a-z_]}
     * @param argument null for none
     */
    record Command(String name, @Nullable String argument) implements Request {

        private static final int NAME = 1;
        private static final int ARGUMENT = 2;
        private static final int MAX_NAME = 32;
        private static final int MAX_ARGUMENT = 256;
        private static final Pattern NAME_FORM = Pattern.compile("[a-z_]{1,32}");

        public Command {
            if (!NAME_FORM.matcher(name).matches()) {
                throw new IllegalArgumentException("not a command's name");
            }
        }

        /** The frame. */
        public byte[] encode() {
            var out = new FieldWriter().text(NAME, name, MAX_NAME).text(ARGUMENT, argument, MAX_ARGUMENT);
            return new Frame(Frame.COMMAND, out.body()).encode();
        }

        private static Command decode(byte[] body) throws FrameException {
            var in = new FieldReader(body, Set.of(NAME, ARGUMENT), Set.of());
            String name = in.text("name", NAME, MAX_NAME);
            if (!NAME_FORM.matcher(name).matches()) {
                throw FrameException.bad("name", "not a command's");
            }
            return new Command(name, in.optionalText("argument", ARGUMENT, MAX_ARGUMENT));
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
            case Frame.COMMAND -> Command.decode(read.body());
            default -> throw FrameException.bad("type", read.type() + " is no request");
        };
    }

    private static Ping ping(byte[] body) throws FrameException {
        new FieldReader(body, Set.of(), Set.of()); // refuses what must be understood
        return new Ping();
    }

    default <R> R fold(Function<LoginRequest, R> login, Function<Ping, R> ping, Function<Command, R> command) {
        if (this instanceof LoginRequest l) {
            return login.apply(l);
        }
        if (this instanceof Ping p) {
            return ping.apply(p);
        }
        return command.apply((Command) this);
    }
}
