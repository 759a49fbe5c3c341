package io.adoptd.gateway.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the daemon answers. */
public sealed interface Reply {

    /** The frame. */
    byte[] encode();

    /** What the module returns to PAM. */
    enum Answer {
        /** {@code PAM_SUCCESS}. */
        SUCCESS,
        /** {@code PAM_IGNORE}. */
        IGNORE,
        /** {@code PAM_PERM_DENIED}. */
        DENY
    }

    /**
     * VERDICT.
     *
     * @param message the line for the user; null for none
     * @param variables {@code NAME=VALUE}, at most 64
     * @param namespaces types of the namespaces to join, at most 8; their descriptors go with the frame
     * @param login this login's id in the daemon's log
     * @param detail where the time went, for the module's log
     */
    record VerdictReply(
            Answer answer,
            String reason,
            @Nullable String message,
            List<String> variables,
            List<Integer> namespaces,
            @Nullable String login,
            @Nullable String detail)
            implements Reply {

        private static final int ANSWER = 1;
        private static final int REASON = 2;
        private static final int MESSAGE = 3;
        private static final int VARIABLE = 4;
        private static final int NAMESPACE = 5;
        private static final int LOGIN = 0x8001;
        private static final int DETAIL = 0x8002;
        private static final Set<Integer> KNOWN = Set.of(ANSWER, REASON, MESSAGE, VARIABLE, NAMESPACE, LOGIN, DETAIL);
        private static final Codes<Answer> ANSWERS =
                new Codes<>("verdict", List.of(Answer.SUCCESS, Answer.IGNORE, Answer.DENY));
        private static final int MAX_VARIABLES = 64;
        private static final int MAX_VARIABLE = 1_024;
        private static final int MAX_NAMESPACES = 8;

        /** {@code CLONE_NEWNS}, {@code CLONE_NEWUSER} and {@code CLONE_NEWPID} of {@code <linux/sched.h>}, or any. */
        private static final Set<Integer> NAMESPACE_TYPES = Set.of(0x0002_0000, 0x1000_0000, 0x2000_0000, 0);

        public VerdictReply {
            variables = List.copyOf(variables);
            namespaces = List.copyOf(namespaces);
            if (namespaces.size() > MAX_NAMESPACES) {
                throw new IllegalArgumentException("more namespaces than can be sent");
            }
            if (variables.size() > MAX_VARIABLES) {
                throw new IllegalArgumentException("more variables than can be sent");
            }
            for (String variable : variables) {
                if (!isVariable(variable)) {
                    throw new IllegalArgumentException("a variable that cannot be sent");
                }
            }
        }

        /** {@code NAME=VALUE}: a name of capitals, digits and underscores, a value without control characters. */
        private static boolean isVariable(String text) {
            int name = 0;
            while (name < text.length() && isOfName(text.charAt(name))) {
                name++;
            }
            if (name == 0 || Character.isDigit(text.charAt(0)) || !text.startsWith("=", name)) {
                return false;
            }
            for (int i = name + 1; i < text.length(); i++) {
                if (text.charAt(i) < ' ' || text.charAt(i) == 0x7f) {
                    return false;
                }
            }
            return true;
        }

        private static boolean isOfName(char c) {
            return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        }

        @Override
        public byte[] encode() {
            var out = new FieldWriter()
                    .bytes(ANSWER, new byte[] {ANSWERS.code(answer)})
                    .text(REASON, reason, 64)
                    .text(MESSAGE, message, 256);
            variables.forEach(variable -> out.text(VARIABLE, variable, MAX_VARIABLE));
            namespaces.forEach(type -> out.uint32(NAMESPACE, Integer.toUnsignedLong(type)));
            return new Frame(
                            Frame.VERDICT,
                            out.text(LOGIN, login, 32).text(DETAIL, detail, 512).body())
                    .encode();
        }

        private static List<String> variables(List<String> read) throws FrameException {
            for (String variable : read) {
                if (!isVariable(variable)) {
                    throw FrameException.bad("variable", "not NAME=VALUE");
                }
            }
            return read;
        }

        private static List<Integer> namespaces(List<Integer> read) throws FrameException {
            for (int type : read) {
                if (!NAMESPACE_TYPES.contains(type)) {
                    throw FrameException.bad("namespace", Integer.toHexString(type) + " cannot be joined");
                }
            }
            return read;
        }

        private static VerdictReply decode(byte[] body) throws FrameException {
            var in = new FieldReader(body, KNOWN, Set.of(VARIABLE, NAMESPACE));
            return new VerdictReply(
                    ANSWERS.value(in.bytes("verdict", ANSWER, 1, 1)[0]),
                    in.word("reason", REASON, 64),
                    in.optionalLine("message", MESSAGE, 256),
                    variables(in.texts("variable", VARIABLE, MAX_VARIABLES, MAX_VARIABLE)),
                    namespaces(in.uint32s("namespace", NAMESPACE, MAX_NAMESPACES)),
                    in.optionalText("login", LOGIN, 32),
                    in.optionalLine("detail", DETAIL, 512));
        }
    }

    /**
     * PONG.
     *
     * @param uptimeMillis since the daemon said it was ready
     * @param logins decided since then
     * @param node the NodeName it serves, or why it knows none
     * @param slurmConf the slurm.conf it reads, or why it has none
     */
    record Pong(String version, long pid, long uptimeMillis, long logins, String node, String slurmConf)
            implements Reply {

        private static final int VERSION = 1;
        private static final int PID = 0x8001;
        private static final int UPTIME = 0x8002;
        private static final int LOGINS = 0x8003;
        private static final int NODE = 0x8004;
        private static final int SLURM = 0x8005;
        private static final Set<Integer> KNOWN = Set.of(VERSION, PID, UPTIME, LOGINS, NODE, SLURM);

        @Override
        public byte[] encode() {
            var out = new FieldWriter()
                    .text(VERSION, version, 64)
                    .uint32(PID, pid)
                    .uint64(UPTIME, uptimeMillis)
                    .uint64(LOGINS, logins)
                    .text(NODE, node, 256)
                    .text(SLURM, slurmConf, 256);
            return new Frame(Frame.PONG, out.body()).encode();
        }

        private static Pong decode(byte[] body) throws FrameException {
            var in = new FieldReader(body, KNOWN, Set.of());
            return new Pong(
                    in.text("version", VERSION, 64),
                    in.uint32("pid", PID),
                    ByteBuffer.wrap(in.bytes("uptime", UPTIME, 8, 8)).getLong(),
                    ByteBuffer.wrap(in.bytes("logins", LOGINS, 8, 8)).getLong(),
                    in.text("node", NODE, 256),
                    in.text("slurm", SLURM, 256));
        }
    }

    /**
     * REPORT.
     *
     * @param done whether what was asked for was done
     * @param lines for the administrator, in order
     */
    record Report(boolean done, List<String> lines) implements Reply {

        private static final int DONE = 1;
        private static final int LINE = 2;
        private static final Set<Integer> KNOWN = Set.of(DONE, LINE);
        private static final int MAX_LINES = 100;
        private static final int MAX_LINE = 256;

        /** A field's head, and four bytes for each character, is what a line may take. */
        private static final int ROOM = FrameLimits.REPLY_BODY - 512;

        public Report {
            lines = List.copyOf(lines);
        }

        @Override
        public byte[] encode() {
            var out = new FieldWriter().bytes(DONE, new byte[] {(byte) (done ? 1 : 0)});
            int fit = fitting();
            lines.subList(0, fit).forEach(line -> out.text(LINE, line, MAX_LINE));
            if (fit < lines.size()) {
                out.text(LINE, "… and " + (lines.size() - fit) + " more", MAX_LINE);
            }
            return new Frame(Frame.REPORT, out.body()).encode();
        }

        private int fitting() {
            int room = ROOM;
            int fit = 0;
            for (String line : lines) {
                room -= 4 + Math.min(MAX_LINE, line.getBytes(StandardCharsets.UTF_8).length);
                if (room < 0 || fit == MAX_LINES - 1) {
                    break;
                }
                fit++;
            }
            return fit;
        }

        private static Report decode(byte[] body) throws FrameException {
            var in = new FieldReader(body, KNOWN, Set.of(LINE));
            int done = in.bytes("done", DONE, 1, 1)[0];
            if (done != 0 && done != 1) {
                throw FrameException.bad("done", done + " is neither 0 nor 1");
            }
            return new Report(done == 1, in.texts("line", LINE, MAX_LINES, MAX_LINE));
        }
    }

    /**
     * REFUSED.
     *
     * @param reason a code of the page's list
     */
    record Refused(String reason, String message) implements Reply {

        private static final int REASON = 1;
        private static final int MESSAGE = 2;
        private static final Set<Integer> KNOWN = Set.of(REASON, MESSAGE);

        @Override
        public byte[] encode() {
            return new Frame(
                            Frame.REFUSED,
                            new FieldWriter()
                                    .text(REASON, reason, 64)
                                    .text(MESSAGE, message, 256)
                                    .body())
                    .encode();
        }

        private static Refused decode(byte[] body) throws FrameException {
            var in = new FieldReader(body, KNOWN, Set.of());
            return new Refused(in.word("reason", REASON, 64), in.line("message", MESSAGE, 256));
        }
    }

    /** {@code NAME=VALUE}, as VERDICT carries variables. */
    static List<String> variables(Map<String, String> environment) {
        return environment.entrySet().stream()
                .map(variable -> variable.getKey() + "=" + variable.getValue())
                .toList();
    }

    /**
     * Reads a reply.
     *
     * @param frame header and body, whole
     */
    static Reply decode(byte[] frame) throws FrameException {
        Frame read = Frame.decode(frame, FrameLimits.REPLY_BODY);
        return switch (read.type()) {
            case Frame.VERDICT -> VerdictReply.decode(read.body());
            case Frame.PONG -> Pong.decode(read.body());
            case Frame.REPORT -> Report.decode(read.body());
            case Frame.REFUSED -> Refused.decode(read.body());
            default -> throw FrameException.bad("type", read.type() + " is no reply");
        };
    }
}
