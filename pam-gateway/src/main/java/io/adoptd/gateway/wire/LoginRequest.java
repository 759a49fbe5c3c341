package io.adoptd.gateway.wire;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Endpoint;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Uid;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * LOGIN: decide this login, or see to it that its session is where it was decided to be.
 *
 * @param phase where in the PAM stack it is asked, and by whom
 * @param patience how long the module will still wait: 100 ms to 60 s
 * @param connection null when the process has none
 * @param node the option {@code nodename=}; null when it is not given
 * @param rhost {@code PAM_RHOST}, for the log; null when PAM has none
 * @param job in the session phase, the job that the account phase adopted this login into; null when the module says none
 */
public record LoginRequest(
        Phase phase,
        String user,
        Uid uid,
        String service,
        PamOptions options,
        Duration patience,
        @Nullable Connection connection,
        @Nullable NodeName node,
        @Nullable String rhost,
        @Nullable JobId job)
        implements Request {

    private static final int USER = 1;
    private static final int UID = 2;
    private static final int SERVICE = 3;
    private static final int ACTIONS = 4;
    private static final int PATIENCE = 5;
    private static final int CONNECTION = 6;
    private static final int NODENAME = 7;
    private static final int PHASE = 8;
    private static final int SWITCHES = 9;
    private static final int JOB = 10;
    private static final int RHOST = 0x8001;
    private static final Set<Integer> KNOWN =
            Set.of(USER, UID, SERVICE, ACTIONS, PATIENCE, CONNECTION, NODENAME, PHASE, SWITCHES, JOB, RHOST);

    private static final Codes<Phase> PHASES =
            new Codes<>("phase", List.of(Phase.ACCOUNT, Phase.ACCOUNT_BY_HELPER, Phase.SESSION));

    private static final Codes<ActionNoJobs> NO_JOBS =
            new Codes<>("action_no_jobs", List.of(ActionNoJobs.IGNORE, ActionNoJobs.DENY));
    private static final Codes<ActionUnknown> UNKNOWN =
            new Codes<>("action_unknown", List.of(ActionUnknown.NEWEST, ActionUnknown.ALLOW, ActionUnknown.DENY));
    private static final Codes<ActionAdoptFailure> ADOPT_FAILURE =
            new Codes<>("action_adopt_failure", List.of(ActionAdoptFailure.ALLOW, ActionAdoptFailure.DENY));
    private static final Codes<ActionGenericFailure> GENERIC_FAILURE = new Codes<>(
            "action_generic_failure",
            List.of(ActionGenericFailure.IGNORE, ActionGenericFailure.ALLOW, ActionGenericFailure.DENY));

    private static final int X11 = 1;
    private static final int CONTAINER = 2;
    private static final int SINGLE_JOB_ASKS = 4;
    private static final int ALL_SWITCHES = X11 | CONTAINER | SINGLE_JOB_ASKS;

    private static final int MAX_USER = 256;
    private static final int MAX_SERVICE = 64;
    private static final int MAX_NODENAME = 64;
    private static final int MAX_RHOST = 256;

    static LoginRequest decodeBody(byte[] body) throws FrameException {
        var in = new FieldReader(body, KNOWN, Set.of());
        Phase phase = PHASES.value(in.bytes("phase", PHASE, 1, 1)[0]);
        return new LoginRequest(
                phase,
                in.text("user", USER, MAX_USER),
                uid(in.uint32("uid", UID)),
                in.text("service", SERVICE, MAX_SERVICE),
                actions(in.bytes("actions", ACTIONS, 4, 4)).with(switches(in.bytes("switches", SWITCHES, 1, 1)[0])),
                patience(in.uint32("patience", PATIENCE)),
                connection(in.optionalBytes("connection", CONNECTION, 13, 37)),
                node(in.optionalText("nodename", NODENAME, MAX_NODENAME)),
                in.optionalText("rhost", RHOST, MAX_RHOST),
                job(in.optionalBytes("job", JOB, 4, 4), phase));
    }

    /** The frame, as the module would send it: for the demo, the benches and the tests. */
    public byte[] encode() {
        var out = new FieldWriter()
                .text(USER, user, MAX_USER)
                .uint32(UID, uid.value())
                .text(SERVICE, service, MAX_SERVICE)
                .bytes(ACTIONS, packed(options))
                .uint32(PATIENCE, patience.toMillis());
        if (connection != null) {
            out.bytes(CONNECTION, packed(connection));
        }
        out.text(NODENAME, node == null ? null : node.value(), MAX_NODENAME)
                .bytes(PHASE, new byte[] {PHASES.code(phase)})
                .bytes(SWITCHES, new byte[] {packed(options.switches())});
        if (job != null) {
            out.uint32(JOB, job.value());
        }
        out.text(RHOST, rhost, MAX_RHOST);
        return new Frame(Frame.LOGIN, out.body()).encode();
    }

    private static Uid uid(long value) throws FrameException {
        if (value == 0 || value == 0xffff_ffffL) {
            throw FrameException.bad("uid", value + " is never asked for");
        }
        return new Uid(value);
    }

    private static PamOptions actions(byte[] value) throws FrameException {
        return new PamOptions(
                NO_JOBS.value(value[0]),
                UNKNOWN.value(value[1]),
                ADOPT_FAILURE.value(value[2]),
                GENERIC_FAILURE.value(value[3]));
    }

    static byte[] packed(PamOptions options) {
        return new byte[] {
            NO_JOBS.code(options.noJobs()),
            UNKNOWN.code(options.unknown()),
            ADOPT_FAILURE.code(options.adoptFailure()),
            GENERIC_FAILURE.code(options.genericFailure())
        };
    }

    private static Switches switches(byte value) throws FrameException {
        if ((value & ~ALL_SWITCHES) != 0) {
            throw FrameException.bad("switches", "unknown ones in " + Byte.toUnsignedInt(value));
        }
        return new Switches((value & X11) != 0, (value & CONTAINER) != 0, (value & SINGLE_JOB_ASKS) != 0);
    }

    static byte packed(Switches switches) {
        return (byte) ((switches.x11() ? X11 : 0)
                | (switches.container() ? CONTAINER : 0)
                | (switches.singleJobAsksSource() ? SINGLE_JOB_ASKS : 0));
    }

    private static @Nullable JobId job(byte @Nullable [] value, Phase phase) throws FrameException {
        if (value == null) {
            return null;
        }
        long job = Integer.toUnsignedLong(ByteBuffer.wrap(value).getInt());
        if (phase != Phase.SESSION || !JobId.isJobId(job)) {
            throw FrameException.bad("job", job + " in the phase " + phase.code());
        }
        return new JobId(job);
    }

    private static Duration patience(long millis) throws FrameException {
        if (millis < 100 || millis > 60_000) {
            throw FrameException.bad("patience", millis + " ms, not 100 to 60000");
        }
        return Duration.ofMillis(millis);
    }

    private static @Nullable NodeName node(@Nullable String value) throws FrameException {
        if (value == null) {
            return null;
        }
        if (!NodeName.isNodeName(value)) {
            throw FrameException.bad("nodename", "not a NodeName");
        }
        return new NodeName(value);
    }

    private static @Nullable Connection connection(byte @Nullable [] value) throws FrameException {
        if (value == null) {
            return null;
        }
        var in = ByteBuffer.wrap(value);
        int family = in.get();
        int size = family == 4 ? 4 : 16;
        if ((family != 4 && family != 6) || in.remaining() != 2 * (size + 2)) {
            throw FrameException.bad("connection", "family " + family + " with " + in.remaining() + " bytes");
        }
        Endpoint source = endpoint(in, size);
        Endpoint own = endpoint(in, size);
        if (source.address().getClass() != own.address().getClass()) {
            throw FrameException.bad("connection", "the ends are of two families");
        }
        return new Connection(source, own);
    }

    private static Endpoint endpoint(ByteBuffer in, int size) throws FrameException {
        var address = new byte[size];
        in.get(address);
        int port = Short.toUnsignedInt(in.getShort());
        if (port == 0) {
            throw FrameException.bad("connection", "port 0");
        }
        try {
            return new Endpoint(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + size + " bytes", e);
        }
    }

    private static byte[] packed(Connection connection) {
        byte[] source = connection.source().address().getAddress();
        byte[] own = connection.own().address().getAddress();
        return ByteBuffer.allocate(1 + source.length + 2 + own.length + 2)
                .put((byte) (source.length == 4 ? 4 : 6))
                .put(source)
                .putShort((short) connection.source().port())
                .put(own)
                .putShort((short) connection.own().port())
                .array();
    }
}
