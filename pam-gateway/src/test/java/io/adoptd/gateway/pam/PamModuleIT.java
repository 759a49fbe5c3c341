package io.adoptd.gateway.pam;

import static io.adoptd.gateway.pam.PamDrive.PAM_IGNORE;
import static io.adoptd.gateway.pam.PamDrive.PAM_PERM_DENIED;
import static io.adoptd.gateway.pam.PamDrive.PAM_SESSION_ERR;
import static io.adoptd.gateway.pam.PamDrive.PAM_SUCCESS;
import static io.adoptd.gateway.pam.ScriptedDaemon.PONG;
import static io.adoptd.gateway.pam.ScriptedDaemon.REFUSED;
import static io.adoptd.gateway.pam.ScriptedDaemon.VERDICT;
import static io.adoptd.gateway.pam.ScriptedDaemon.frame;
import static io.adoptd.gateway.pam.ScriptedDaemon.verdict;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.adoptd.gateway.pam.PamDrive.Outcome;
import io.adoptd.gateway.pam.ScriptedDaemon.Field;
import io.adoptd.gateway.pam.ScriptedDaemon.Script;
import io.adoptd.gateway.wire.Reply.Answer;
import io.adoptd.gateway.wire.Reply.VerdictReply;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The built pam_adoptd.so, called by a real process under a real libpam and answered over a real socket.
 *
 * <p>Every call also asserts that the module left no descriptor open and errno alone; see {@link PamDrive}.
 */
class PamModuleIT {
    private static final String DENY = "action_generic_failure=deny";
    private static final int A_MOMENT_MS = 3_000; // generous: says "not the whole timeout", never "how fast"

    private static Path module = Path.of("");
    private static Path pamdrive = Path.of("");
    private static Path sshd = Path.of("");
    private static Path muteDaemon = Path.of("");
    private static Path namespaceDaemon = Path.of("");

    @TempDir
    private Path directory = Path.of("");

    private Path socket = Path.of("");
    private @Nullable ScriptedDaemon daemon;

    @BeforeAll
    static void compile() throws Exception {
        assumeTrue(
                Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")),
                "needs root: the module trusts only what root serves");
        var built = System.getProperty("adoptd.pam.module", "target/c/pam_adoptd.so");
        module = Path.of(built).toAbsolutePath();
        assertThat(module).as("-Dadoptd.pam.module").exists();
        pamdrive = PamDrive.compile("pamdrive", "-rdynamic", "-ldl", "-l:libpam.so.0", "-pthread");
        sshd = pamdrive.resolveSibling("sshd");
        Files.copy(pamdrive, sshd, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        muteDaemon = PamDrive.compile("mute_daemon");
        namespaceDaemon = PamDrive.compile("ns_daemon");
    }

    @BeforeEach
    void place() {
        socket = directory.resolve("gateway.sock");
    }

    @AfterEach
    void theDaemonSawOnlyWhatItShould() throws IOException {
        if (daemon != null) {
            daemon.close();
            assertThat(daemon.faults()).isEmpty();
        }
    }

    // ---- obey

    @Test
    void aSuccessPutsTheVariablesIntoTheEnvironmentInTheirOrder() throws Exception {
        serve(answering(verdict(
                1,
                "only_job",
                Field.variable("SLURM_JOB_ID=7"),
                Field.variable("XDG_NAME=für alle"),
                Field.variable("EMPTY="),
                Field.text(0x8001, "7f3a"),
                Field.text(0x8002, "steps 3 ms"))));

        var outcome = call();

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7", "XDG_NAME=für alle", "EMPTY=");
        assertThat(outcome.messages()).isEmpty();
        assertThat(outcome.onlyLogLine())
                .matches(
                        "6 login\\.decided user=\"nobody\" phase=account verdict=success reason=only_job login=\"7f3a\""
                                + " took_ms=\\d+ detail=\"steps 3 ms\"");
    }

    @Test
    void whatAdoptdItselfEncodesIsRead() throws Exception {
        var variables = List.of("SLURM_JOB_ID=7");
        var reply = new VerdictReply(
                Answer.SUCCESS, "only_job", "hello", variables, List.of(), "7f3a", "steps=one steps_ms=3");
        serve(answering(reply.encode()));

        var outcome = call();

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.environment()).isEqualTo(variables);
        assertThat(outcome.messages()).containsExactly("3 hello");
        assertThat(outcome.onlyLogLine()).contains("login=\"7f3a\"").endsWith("detail=\"steps=one steps_ms=3\"");
    }

    @Test
    void asManyVariablesAsAReplyHoldsArriveWhole() throws Exception {
        var variables = new ArrayList<Field>();
        for (int i = 0; i < 7; i++) { // 7 of the longest are what a reply holds
            variables.add(Field.variable("LONG_" + i + "=" + "x".repeat(1_017)));
        }
        for (int i = 7; i < 64; i++) {
            variables.add(Field.variable("V" + i + "="));
        }
        serve(answering(verdict(1, "only_job", variables.toArray(Field[]::new))));

        var outcome = call();

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.environment()).hasSize(64).contains("LONG_6=" + "x".repeat(1_017), "V63=");
    }

    @Test
    void aDenialIsToldTheUserAndSetsNothing() throws Exception {
        var line = "Access denied by adoptd: you have no active jobs on this node";
        serve(answering(verdict(3, "no_jobs", Field.message(line), Field.variable("SLURM_JOB_ID=7"))));

        var outcome = call();

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.messages()).containsExactly("3 " + line);
        assertThat(outcome.environment()).isEmpty();
        assertThat(outcome.onlyLogLine()).contains("verdict=deny reason=no_jobs");
    }

    @Test
    void anIgnoreIsAnIgnore() throws Exception {
        serve(answering(verdict(2, "no_jobs", Field.variable("SLURM_JOB_ID=7"))));

        var outcome = call(DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.messages()).isEmpty();
        assertThat(outcome.environment()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-s", "-n"})
    void aDenialWithoutAnyoneToTellIsStillADenial(String silentOrNoConversation) throws Exception {
        serve(answering(verdict(3, "no_jobs", Field.message("no"))));

        var outcome = drive().with(silentOrNoConversation).call(socketOption(), DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.messages()).isEmpty();
    }

    @Test
    void aFailingPutenvIsAGenericFailure() throws Exception {
        serve(answering(verdict(1, "only_job", Field.variable("A=1"), Field.variable("B=2"), Field.message("hello"))));

        var outcome = drive().with("-p").call(socketOption(), DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.messages())
                .containsExactly("3 Access denied by adoptd: the environment of this login could not be set");
        assertThat(outcome.log()).anyMatch(line -> line.contains("why=environment detail=\"pam_putenv of B\" pam=26"));
    }

    @Test
    void whatTheDaemonSaysForTheLogCannotStartASecondLine() throws Exception {
        serve(answering(verdict(3, "no_jobs", Field.text(0x8001, "7\nlogin.decided \"\\"))));

        assertThat(call().onlyLogLine()).contains("login=\"7\\x0alogin.decided \\\"\\\\\"");
    }

    // ---- ask

    @Test
    void theDaemonIsToldTheLogin() throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        drive().with("-r", "login1.example.org")
                .as("login", "nobody")
                .call(
                        socketOption(),
                        "service=login",
                        "nodename=n0042",
                        "timeout=60000",
                        "action_no_jobs=ignore",
                        "action_unknown=deny",
                        "action_adopt_failure=allow",
                        "action_generic_failure=allow");

        var login = onlyLogin();
        assertThat(login.text(0x0001)).isEqualTo("nobody");
        assertThat(login.number(0x0002)).isEqualTo(uidOfNobody());
        assertThat(login.text(0x0003)).isEqualTo("login");
        assertThat(login.hex(0x0004)).isEqualTo("01030102");
        assertThat(login.number(0x0005)).isBetween(50_000L, 60_000L);
        assertThat(login.hex(0x0006)).isEmpty();
        assertThat(login.text(0x0007)).isEqualTo("n0042");
        assertThat(login.text(0x8001)).isEqualTo("login1.example.org");
    }

    @Test
    void theDefaultsAreThoseOfPamSlurmAdopt() throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        call();

        assertThat(onlyLogin().hex(0x0004)).isEqualTo("02010101");
        assertThat(onlyLogin().number(0x0005)).isBetween(100L, 10_000L);
        assertThat(onlyLogin().hex(0x0007)).isEmpty();
        assertThat(onlyLogin().hex(0x0008)).isEqualTo("01");
        assertThat(onlyLogin().hex(0x0009)).isEqualTo("03");
        assertThat(onlyLogin().hex(0x000a)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "disable_x11=0, 03",
        "disable_x11=1, 02",
        "join_container=true, 03",
        "join_container=false, 01",
        "single_job_skip_rpc=1, 03",
        "single_job_skip_rpc=0, 07",
        "ignore_root=0, 03",
    })
    void whatTheLineSwitchesIsTold(String option, String switches) throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        call(option);

        assertThat(onlyLogin().hex(0x0009)).isEqualTo(switches);
    }

    @ParameterizedTest
    @CsvSource({
        "sshd, 127.0.0.2, 1",
        "sshd, ::ffff:127.0.0.2, 1",
        "sshd, 127.0.0.9, -1", // an address, and of none of ours
        "sshd, login1, 0", // UseDNS: the lowest descriptor
        "sshd, UNKNOWN, 0",
        "su, 127.0.0.2, 1",
        "su, login1, -1", // whose connection it holds is not to be known
    })
    void ofSeveralConnectionsTheOneFromRhostElseSshdsLowest(String service, String rhost, int expected)
            throws Exception {
        serve(answering(verdict(3, "no_jobs")));
        try (var first = listenAt("127.0.0.1");
                var second = listenAt("127.0.0.2")) {

            drive().with("-t", place(first), "-t", place(second), "-r", rhost)
                    .as(service, "nobody")
                    .call(socketOption(), "service=*");

            if (expected < 0) {
                assertThat(onlyLogin().hex(0x0006)).isEmpty();
            } else {
                assertThat(onlyLogin().hex(0x0006)).startsWith(source(expected == 0 ? first : second));
                assertThat(onlyLogin().hex(0x0006)).hasSize(2 * 13);
            }
        }
    }

    @Test
    void aMappedConnectionIsToldAsIpv4() throws Exception {
        serve(answering(verdict(3, "no_jobs")));
        try (var listener = listenAt("127.0.0.1")) {

            drive().with("-6", "-t", place(listener)).call(socketOption());

            assertThat(onlyLogin().hex(0x0006)).startsWith(source(listener)).hasSize(2 * 13);
        }
    }

    // ---- the session

    @Test
    void aSessionIsAskedAboutAgainWithTheJobOfTheAccountPhase() throws Exception {
        serve(answering(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"), Field.message("hello"))));
        try (var client = listenAt("127.0.0.1")) {

            var outcome = drive().with("-x", "aoc", "-t", place(client)).call(socketOption(), DENY, "disable_x11=1");

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS);
            assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
            assertThat(outcome.messages()).containsExactly("3 hello", "3 hello");
            assertThat(outcome.connections()).containsExactly("open");
            assertThat(daemon().logins()).hasSize(2); // closing asks nobody
            var account = daemon().logins().get(0);
            var session = daemon().logins().get(1);
            assertThat(account.hex(0x0008)).isEqualTo("01");
            assertThat(account.hex(0x000a)).isEmpty();
            assertThat(session.hex(0x0008)).isEqualTo("03");
            assertThat(session.hex(0x000a)).isEqualTo("00000007");
            assertThat(session.hex(0x0009)).isEqualTo("02");
            assertThat(session.hex(0x0006)).isEqualTo(account.hex(0x0006)).isNotEmpty();
            assertThat(session.text(0x0001)).isEqualTo("nobody");
            assertThat(outcome.log().get(1)).contains("login.decided user=\"nobody\" phase=session verdict=success");
        }
    }

    // ---- a session that the account phase did not put into a job: nobody's business

    /** With each, the module did not put the login into a job: other modules may have let it in. */
    static Stream<Arguments> othersLetIn() {
        var absent = (Script) null;
        var hanging = (Script) login -> login.ask().awaitClose();
        var fault = answering(verdict(3, "spool_unreadable", Field.message("this node cannot tell its jobs")));
        return Stream.of(
                arguments("never asked, daemon absent", absent, "o"),
                arguments("never asked, daemon hanging", hanging, "o"),
                arguments("never asked, node at fault", fault, "o"),
                arguments("never asked, user has a job", answering(success()), "o"),
                arguments("asked, daemon absent", absent, "ao"),
                arguments("asked, daemon hanging", hanging, "ao"),
                arguments("asked, node at fault", fault, "ao"),
                arguments("asked, no jobs", answering(verdict(3, "no_jobs")), "ao"),
                arguments("asked, ignored", answering(verdict(2, "no_jobs")), "ao"),
                arguments("asked, let in outside any job", answering(verdict(1, "source_unknown")), "ao"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("othersLetIn")
    void aSessionThatTheAccountPhaseDidNotAdoptIsLeftAlone(String name, @Nullable Script script, String calls)
            throws Exception {
        if (script != null) {
            serve(script);
        }
        var outcome = drive(sshd)
                .with("-x", calls, "-e", "SLURM_JOB_ID=7") // which any module or user can plant
                .call(socketOption(), DENY, STRICT, "timeout=300");

        assertThat(outcome.answer()).as(name).isEqualTo(PAM_IGNORE);
        assertThat(outcome.log()).noneMatch(line -> line.contains("phase=session"));
        assertThat(outcome.log()).hasSize(calls.length() - 1); // the account phase's alone
        assertThat(outcome.timers()).isEmpty();
        if (script != null) {
            assertNobodyCameBut(calls.length() - 1);
        }
    }

    @Test
    void itsOptionsAreNotComplainedAboutEither() throws Exception {
        var outcome =
                drive().with("-x", "o").as("sshd", "no-such-user").call(socketOption(), "nonsense", "ignore_root=0");

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.log()).isEmpty();
    }

    // ---- the record of a login whose account phase a helper asked for

    @Test
    void aRecordOfThisProcessMakesTheSessionOurs() throws Exception {
        serve(answering(success()));

        var outcome = drive().with("-x", "oo", "-w", record(uidOfNobody(), 7)).call(socketOption());

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS);
        assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
        for (var session : daemon().logins()) {
            assertThat(session.hex(0x0008)).isEqualTo("03");
            assertThat(session.hex(0x000a)).isEqualTo("00000007");
            assertThat(session.hex(0x0004)).isEqualTo("02010203"); // the record's options, the line has none
            assertThat(session.text(0x0007)).isEqualTo("c1");
        }
        assertThat(daemon().logins()).hasSize(2);
    }

    @Test
    void aRecordCountsAlsoWhenTheDaemonThatWroteItIsGone() throws Exception {
        var outcome = drive().with("-x", "o", "-w", record(uidOfNobody(), 7)).call(socketOption());

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.onlyLogLine()).contains("phase=session why=daemon_absent", "action_generic_failure=deny");
    }

    @Test
    void aRecordOfAnotherUserIsNotThisSessions() throws Exception {
        serve(answering(verdict(3, "trap")));

        var outcome = drive().with("-x", "o", "-w", record(1, 7)).call(socketOption(), DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.log()).isEmpty();
        assertNobodyCameBut(0);
    }

    @Test
    void aGarbledRecordIsSaidAndNotBelieved() throws Exception {
        serve(answering(verdict(3, "trap")));
        Files.createDirectory(directory.resolve("logins"));

        var outcome = drive().with("-x", "o", "-w", directory.resolve("logins") + ":adoptd-login 1 uid=7")
                .call(socketOption(), DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.onlyLogLine()).startsWith("3 SECURITY: ").contains("is not one that adoptd writes");
        assertNobodyCameBut(0);
    }

    // ---- the rules of both lines

    @Test
    void theStricterOfTheAccountLineAndTheSessionLineWins() throws Exception {
        serve(answering(success()));

        drive().with("-x", "ao")
                .stack(
                        "account required MODULE " + socketOption() + " nodename=c1 " + DENY + " " + STRICT
                                + " disable_x11=1",
                        "session required MODULE " + socketOption() + " action_no_jobs=ignore action_unknown=deny"
                                + " action_generic_failure=allow join_container=false");

        var session = daemon().logins().get(1);
        assertThat(daemon().logins().get(0).hex(0x0004)).isEqualTo("02010203");
        assertThat(session.hex(0x0004)).isEqualTo("02030203");
        assertThat(session.hex(0x0009)).isEqualTo("02");
        assertThat(session.text(0x0007)).isEqualTo("c1");
    }

    @Test
    void aSessionLineWithoutOptionsDoesNotFailOpen() throws Exception {
        serve(inTurn(answering(success()), login -> {}));

        var outcome = drive().with("-x", "ao")
                .stack(
                        "account required MODULE " + socketOption() + " " + DENY,
                        "session required MODULE " + socketOption());

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_PERM_DENIED);
        assertThat(outcome.log().get(1)).contains("phase=session why=daemon_closed", "action_generic_failure=deny");
    }

    @Test
    void twiceInOneStackBothLinesAreAskedForTheLastJob() throws Exception {
        serve(inTurn(
                answering(success()),
                answering(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=8"))),
                answering(success()),
                answering(success())));
        var line = " required MODULE " + socketOption();

        var outcome = drive().with("-x", "aoc")
                .stack(
                        "account" + line + " " + DENY,
                        "account" + line + " " + STRICT,
                        "session" + line,
                        "session" + line);

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS);
        assertThat(daemon().logins()).hasSize(4);
        for (var session : daemon().logins().subList(2, 4)) {
            assertThat(session.hex(0x000a)).isEqualTo("00000008");
            assertThat(session.hex(0x0004)).isEqualTo("02010203");
        }
    }

    @Test
    void whatPamNologinSaysAfterTheModuleHolds() throws Exception {
        serve(answering(success()));
        var nologin = Files.writeString(directory.resolve("nologin"), "maintenance");

        var outcome = drive().stack(
                        "account required MODULE " + socketOption(), "account required pam_nologin.so file=" + nologin);

        assertThat(outcome.answer()).isNotEqualTo(PAM_SUCCESS);
        assertThat(outcome.log()).isNotEmpty();
    }

    // ---- a session that is denied ends, whatever the daemon does

    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;
    private static final String LONG = "60"; // seconds that nothing here takes

    @Test
    void aSessionTheDaemonDeniesIsToldAndThenEnded() throws Exception {
        serve(inTurn(
                answering(success()),
                answering(verdict(3, "adopt_failure", Field.message("not into job 7"), Field.variable("A=1")))));
        try (var client = listenAt("127.0.0.1")) {

            var outcome = drive(sshd)
                    .with("-x", "ao", "-t", place(client), "-L", LONG)
                    .until(SIGTERM)
                    .call(socketOption(), DENY);

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_PERM_DENIED);
            assertThat(outcome.messages()).containsExactly("3 not into job 7");
            assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
            assertThat(outcome.connections()).containsExactly("open");
            assertThat(outcome.log()).last().asString().contains("login.ended user=\"nobody\"");
        }
    }

    @Test
    void anSshdThatDoesNotHeedTheSignalIsKilled() throws Exception {
        serve(inTurn(answering(success()), answering(verdict(3, "adopt_failure"))));

        drive(sshd).with("-x", "ao", "-I", "-L", LONG).until(SIGKILL).call(socketOption(), DENY);
    }

    @Test
    void withoutATimerItEndsAtOnce() throws Exception {
        assumeStrace();
        serve(inTurn(answering(success()), answering(verdict(3, "adopt_failure", Field.message("no")))));

        var outcome = drive(sshd)
                .under(
                        "strace",
                        "-o",
                        directory.resolve("trace").toString(),
                        "-e",
                        "trace=timer_create",
                        "-e",
                        "inject=timer_create:error=EAGAIN")
                .with("-x", "ao", "-L", LONG)
                .until(SIGTERM)
                .call(socketOption(), DENY);

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS); // the other call did not return
        assertThat(outcome.messages()).containsExactly("3 no");
    }

    static Stream<Arguments> deniedSessions() {
        return Stream.of(
                arguments("denied", answering(verdict(3, "adopt_failure"))),
                arguments("late", (Script) login -> login.ask().awaitClose()),
                arguments("closed", (Script) login -> {}),
                arguments("garbage", answering("HTTP/1.1 200 OK\r\n\r\n".getBytes(UTF_8))),
                arguments("cut", answering(Arrays.copyOf(verdict(1, "only_job"), 9))),
                arguments("refused", answering(frame(REFUSED, Field.text(1, "busy"), Field.text(2, "too many")))),
                arguments("environment", answering(verdict(1, "only_job", Field.variable("B=2")))),
                arguments("container", answering(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("deniedSessions")
    void whateverDeniesASessionOfSshdEndsIt(String name, Script script) throws Exception {
        serve(inTurn(answering(success()), script));

        var outcome = drive(sshd)
                .with("-x", "ao", "-p", "-r", "UNKNOWN") // over AF_UNIX: no TCP connection, no address
                .call(socketOption(), DENY, STRICT, "timeout=2000");

        assertThat(outcome.answers()).as(name).containsExactly(PAM_SUCCESS, PAM_PERM_DENIED);
        assertThat(outcome.timers()).containsExactlyInAnyOrder("" + SIGKILL, "" + SIGTERM);
        assertThat(outcome.log()).last().asString().contains("login.ended");
    }

    @ParameterizedTest
    @CsvSource({"ignore, 25", "allow, 0"})
    void aSessionThatAFailureLetsInIsNotEnded(String action, int answer) throws Exception {
        serve(inTurn(answering(success()), login -> {}));

        var outcome = drive(sshd).with("-x", "ao").call(socketOption(), "action_generic_failure=" + action);

        assertThat(outcome.answer()).isEqualTo(answer);
        assertThat(outcome.timers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"su", "cron", "login", "sshd"})
    void aProcessThatIsNotSshdsIsToldAndNeverSignalled(String service) throws Exception {
        serve(inTurn(answering(success()), answering(verdict(3, "adopt_failure"))));
        try (var others = listenAt("127.0.0.1")) {

            var outcome = drive().with("-x", "ao", "-t", place(others))
                    .as(service, "nobody")
                    .call(socketOption(), DENY, "service=*");

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_PERM_DENIED);
            assertThat(outcome.timers()).isEmpty();
            assertThat(outcome.connections()).containsExactly("open");
            assertThat(outcome.log()).noneMatch(line -> line.contains("login.ended"));
        }
    }

    @Test
    void aSessionTheDaemonIgnoresIsIgnored() throws Exception {
        serve(inTurn(answering(success()), answering(verdict(2, "account_decided"))));

        var outcome = drive(sshd).with("-x", "ao").call(socketOption(), DENY);

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_IGNORE);
        assertThat(outcome.timers()).isEmpty();
    }

    @Test
    void anAccountPhaseThatDeniesLeavesTheConnectionToSshd() throws Exception {
        try (var client = listenAt("127.0.0.1")) {

            var outcome = drive().with("-t", place(client)).call(socketOption(), DENY);

            assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
            assertThat(outcome.connections()).containsExactly("open");
        }
    }

    @Test
    void aSessionOfAUserWhoIsNotToBeFoundAnyMoreIsTurnedAway() throws Exception {
        serve(answering(success()));

        var outcome =
                drive(sshd).with("-x", "ao", "-U", "no-such-user").call(socketOption(), "action_generic_failure=allow");

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SESSION_ERR);
        assertThat(outcome.timers()).hasSize(2);
    }

    @Test
    void aSessionOfAnotherUserThanTheAccountPhasesIsLeftAlone() throws Exception {
        serve(answering(success()));

        var outcome = drive(sshd).with("-x", "ao", "-U", "daemon").call(socketOption(), DENY);

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_IGNORE);
        assertNobodyCameBut(1);
    }

    @Test
    void aSessionOfRootOrOfAnotherServiceIsNobodysBusiness() throws Exception {
        serve(answering(verdict(3, "trap")));

        assertThat(drive().with("-x", "oc")
                        .as("sshd", "root")
                        .call(socketOption(), DENY)
                        .answers())
                .containsExactly(PAM_IGNORE, PAM_SUCCESS);
        assertThat(drive().with("-x", "oc")
                        .as("login", "nobody")
                        .call(socketOption(), DENY)
                        .answers())
                .containsExactly(PAM_IGNORE, PAM_IGNORE);
        assertNobodyCame();
    }

    @Test
    void closingASessionAsksNobodyAndSaysNothing() throws Exception {
        serve(answering(verdict(3, "trap")));

        var outcome = drive().with("-x", "c").call(socketOption(), DENY, "nonsense");

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.log()).isEmpty();
        assertNobodyCame();
    }

    // ---- a helper asks

    @Test
    void aHelperOfSshdSaysThatItsParentWillBeTheSession() throws Exception {
        serve(answering(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"))));
        try (var client = listenAt("127.0.0.1")) {

            var outcome = drive().with("-f", "-x", "ao", "-t", place(client)).call(socketOption(), DENY);

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS);
            assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
            assertThat(outcome.log().get(0)).contains("phase=helper verdict=success");
            assertThat(daemon().logins().get(0).hex(0x0008)).isEqualTo("02");
            assertThat(daemon().logins().get(1).hex(0x0008)).isEqualTo("03"); // a session is one, whoever is its parent
        }
    }

    @Test
    void anSshdsHelperIsOneWithoutATcpConnectionToo() throws Exception {
        serve(answering(success()));

        drive(sshd).with("-f", "-r", "UNKNOWN").call(socketOption(), DENY);

        assertThat(onlyLogin().hex(0x0008)).isEqualTo("02");
    }

    @Test
    void aChildWithoutAConnectionIsNoHelper() throws Exception {
        serve(answering(verdict(1, "only_job")));

        drive().with("-f").call(socketOption(), DENY);

        assertThat(onlyLogin().hex(0x0008)).isEqualTo("01");
    }

    @Test
    void whereProcDoesNotTellAnAccountPhaseIsOne() throws Exception {
        assumeStrace();
        serve(answering(verdict(1, "only_job")));
        try (var client = listenAt("127.0.0.1")) {

            var outcome = drive().under(
                            "strace",
                            "-f",
                            "-o",
                            directory.resolve("trace").toString(),
                            "-e",
                            "trace=readlink",
                            "-e",
                            "inject=readlink:error=EACCES")
                    .with("-f", "-t", place(client))
                    .call(socketOption(), DENY);

            assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
            assertThat(onlyLogin().hex(0x0008)).isEqualTo("01");
        }
    }

    // ---- the job's container

    private static final String STRICT = "action_adopt_failure=deny";
    private static final String CONTAINER_LINE =
            "3 Access denied by adoptd: this session could not join the container of your job";

    @ParameterizedTest
    @CsvSource({
        "mnt, 131072, mnt, mount",
        "mnt, 0, mnt, mount", // Slurm up to 25.05 does not say the type
        "user, 268435456, user, user",
        "user, 0, user, user",
        "pid, 536870912, pid_for_children, pid",
        "pid, 0, pid_for_children, pid",
    })
    void aNamespaceIsJoinedOnceAndNotTwice(String kind, int type, String own, String name) throws Exception {
        try (var job = namespaces(success(Field.namespace(type)), kind)) {

            var outcome = drive().joining().with("-x", "ao").call(socketOption(), DENY, STRICT, "log_level=debug");

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS);
            assertThat(outcome.namespaces())
                    .contains(own + " " + job.link(kind))
                    .hasSize(3);
            assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
            assertThat(outcome.log())
                    .filteredOn(line -> line.contains("login.container"))
                    .containsExactly(
                            "7 login.container user=\"nobody\" phase=account joined=" + name,
                            "7 login.container user=\"nobody\" phase=session already_in=" + name);
        }
    }

    @Test
    void theNamespacesOfOneJobAreJoinedInTheirOrderAndRememberedWhereProcIsTheJobsOwn() throws Exception {
        var reply = success(
                Field.namespace(NamespaceDaemon.CLONE_NEWPID),
                Field.namespace(NamespaceDaemon.CLONE_NEWUSER),
                Field.namespace(NamespaceDaemon.CLONE_NEWNS));
        try (var job = namespaces(reply, "linux")) {
            assertThat(job.namespaces()).hasSize(3);
            var arguments = " " + socketOption() + " log_level=debug " + DENY + " " + STRICT;

            var outcome = drive().joining()
                    .with("-x", "aoc")
                    .stack("account required MODULE" + arguments, "session required MODULE" + arguments);

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS);
            assertThat(outcome.namespaces()).allMatch(line -> line.endsWith(" hidden")); // not by /proc, so by memory
            assertThat(outcome.log())
                    .filteredOn(line -> line.contains("login.container"))
                    .extracting(line -> line.replaceFirst(".*phase=", ""))
                    .containsExactly(
                            "account joined=pid",
                            "account joined=user",
                            "account joined=mount",
                            "session already_in=pid",
                            "session already_in=user",
                            "session already_in=mount");
        }
    }

    /** As pam_namespace makes one, with a private /tmp in it. */
    @Test
    void aMountNamespaceMadeFromTheJobsMeanwhileIsKept() throws Exception {
        try (var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)), "mnt")) {
            var before = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString();

            var outcome =
                    drive().joining().with("-x", "ao", "-M").call(socketOption(), DENY, STRICT, "log_level=debug");

            assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS);
            assertThat(outcome.namespaces()).doesNotContain("mnt " + job.link("mnt"), "mnt " + before);
            assertThat(outcome.log()).anyMatch(line -> line.endsWith("phase=session already_in=mount"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "own-mnt, 131072",
        "own-user, 268435456",
        "own-pid, 536870912",
        "own-mnt, 0",
        "own-user, 0",
        "own-pid, 0"
    })
    void aNamespaceTheProcessIsInAnywayIsLeftAlone(String kind, int type) throws Exception {
        assumeStrace();
        try (var job = namespaces(success(Field.namespace(type)), kind)) {
            var trace = directory.resolve("trace");

            var outcome = drive().under("strace", "-f", "-o", trace.toString(), "-e", "trace=setns")
                    .call(socketOption(), DENY, STRICT);

            assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
            assertThat(job.namespaces()).hasSize(1);
            assertThat(Files.readString(trace)).doesNotContain("setns");
        }
    }

    @ParameterizedTest
    @CsvSource({"account, a", "session, o"})
    void whatCannotBeJoinedIsAnAdoptionFailure(String phase, String call) throws Exception {
        try (var client = listenAt("127.0.0.1");
                var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)), "null")) {

            var outcome = drive().with("-x", call, "-t", place(client), "-w", record(uidOfNobody(), 7))
                    .call(socketOption(), DENY, STRICT);

            assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
            assertThat(outcome.messages()).containsExactly(CONTAINER_LINE);
            assertThat(outcome.environment()).isEmpty();
            assertThat(outcome.connections()).containsExactly("open");
            assertThat(outcome.log().get(1))
                    .startsWith("3 login.failed user=\"nobody\" phase=" + phase + " why=container")
                    .contains("errno=22 (Invalid argument)")
                    .contains("action_adopt_failure=deny");
            assertThat(job.namespaces()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "o"})
    void whatCannotBeJoinedUnderAllowIsLoggedAndLetIn(String call) throws Exception {
        try (var client = listenAt("127.0.0.1");
                var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)), "null")) {

            var outcome = drive().with("-x", call, "-t", place(client), "-w", record(uidOfNobody(), 7, "2113"))
                    .call(socketOption(), DENY, "action_adopt_failure=allow");

            assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
            assertThat(outcome.messages()).isEmpty();
            assertThat(outcome.environment()).isEmpty();
            assertThat(outcome.connections()).containsExactly("open");
            assertThat(outcome.log().get(1)).startsWith("3 ").contains("why=container", "action_adopt_failure=allow");
            assertThat(job.namespaces()).hasSize(1);
        }
    }

    @Test
    void anotherKindThanWasToldIsNotJoined() throws Exception {
        try (var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWUSER)), "mnt")) {

            var outcome = drive().with("-N").call(socketOption(), DENY, STRICT);

            assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
            assertThat(outcome.namespaces()).doesNotContain("mnt " + job.link("mnt"));
        }
    }

    @Test
    void aProcessWithThreadsCannotJoinAndSaysSo() throws Exception {
        try (var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)), "mnt")) {

            var outcome = drive().with("-T").call(socketOption(), DENY, STRICT);

            assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
            assertThat(outcome.messages()).containsExactly(CONTAINER_LINE);
            assertThat(outcome.log().get(1)).contains("mount namespace: it is none, or this process has threads");
            assertThat(job.namespaces()).hasSize(1);
        }
    }

    static Stream<Arguments> wrongDescriptors() {
        var one = Field.namespace(NamespaceDaemon.CLONE_NEWNS);
        var eight = Stream.generate(() -> one).limit(8).toArray(Field[]::new);
        var nulls = Stream.generate(() -> "null").limit(9).toArray(String[]::new);
        return Stream.of(
                arguments("none", success(one), new String[] {}, "1 namespaces and 0 descriptors"),
                arguments("too few", success(one, one), new String[] {"null"}, "2 namespaces and 1 descriptors"),
                arguments("too many", success(one), new String[] {"null", "null"}, "1 namespaces and 2 descriptors"),
                arguments("uncalled for", success(), new String[] {"null"}, "0 namespaces and 1 descriptors"),
                arguments("nine", success(eight), nulls, "descriptors that no reply may bring"),
                arguments("late", success(one), new String[] {"-l", "null"}, "descriptors that no reply may bring"),
                arguments("with a denial", verdict(3, "no_jobs"), new String[] {"null"}, "0 namespaces and 1"),
                arguments(
                        "with a refusal",
                        frame(REFUSED, Field.text(1, "busy"), Field.text(2, "too many")),
                        new String[] {"null"},
                        "0 namespaces and 1 descriptors"),
                arguments("of a denial", verdict(3, "no_jobs", one), new String[] {"null"}, "comes without a success"),
                arguments("with garbage", new byte[32], new String[] {"null", "null"}, "magic is not ADOP"),
                arguments(
                        "nine of them",
                        success(Stream.concat(Stream.of(one), Stream.of(eight)).toArray(Field[]::new)),
                        Arrays.copyOf(nulls, 8),
                        "namespace comes too often"),
                arguments(
                        "of no kind", success(Field.namespace(1)), new String[] {"null"}, "namespace is not a value"));
    }

    /** That none of them stays open is asserted for every call. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("wrongDescriptors")
    void descriptorsThatAreNotThoseOfTheReplyMakeItUnreadable(
            String name, byte[] reply, String[] descriptors, String detail) throws Exception {
        try (var job = namespaces(reply, descriptors)) {

            var outcome = call(DENY, STRICT);

            assertFailure(outcome, "daemon_unreadable", detail);
            assertThat(outcome.environment()).as(name).isEmpty();
            assertThat(job.namespaces()).hasSizeLessThanOrEqualTo(9);
        }
    }

    @ParameterizedTest
    @CsvSource({"-x, a, join_container=false", "-f, -s, join_container=true"})
    void namespacesForAHelperOrWithoutJoinContainerWereNotAskedFor(String with, String also, String option)
            throws Exception {
        try (var client = listenAt("127.0.0.1");
                var job = namespaces(success(Field.namespace(NamespaceDaemon.CLONE_NEWNS)), "mnt")) {

            var outcome =
                    drive().with("-N", "-t", place(client), with, also).call(socketOption(), DENY, STRICT, option);

            assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
            assertThat(outcome.onlyLogLine()).contains("daemon_unreadable", "namespaces that were not asked for");
            assertThat(outcome.namespaces()).doesNotContain("mnt " + job.link("mnt"));
        }
    }

    @Test
    void aReplyThatTricklesInBringsItsDescriptorsToo() throws Exception {
        try (var job = namespaces(success(Field.namespace(0)), "-1", "mnt")) {

            var outcome = drive().joining().with("-i").call(socketOption(), "timeout=30000", DENY, STRICT);

            assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
            assertThat(outcome.namespaces()).contains("mnt " + job.link("mnt"));
        }
    }

    // ---- the daemon fails: action_generic_failure

    @ParameterizedTest
    @CsvSource({"ignore, 25", "allow, 0", "deny, 6"})
    void withoutADaemonTheActionDecides(String action, int answer) throws Exception {
        var outcome = call("action_generic_failure=" + action);

        assertThat(outcome.answer()).isEqualTo(answer);
        assertThat(outcome.messages())
                .isEqualTo(
                        "deny".equals(action)
                                ? List.of("3 Access denied by adoptd: the adoptd service on this node is not running")
                                : List.of());
        assertThat(outcome.environment()).isEmpty();
        assertThat(outcome.onlyLogLine())
                .startsWith("3 login.failed user=\"nobody\" phase=account why=daemon_absent socket=\"" + socket + "\"")
                .contains("errno=2 (No such file or directory) action_generic_failure=" + action);
    }

    @Test
    void withoutTheFolderOrAListenerTheDaemonIsAbsentToo() throws Exception {
        assertFailure(call("socket=" + directory + "/none/gateway.sock", DENY), "daemon_absent", "errno=2");

        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
        }
        assertFailure(call(DENY), "daemon_absent", "errno=111"); // ECONNREFUSED
    }

    @ParameterizedTest
    @CsvSource({"ignore, 25", "allow, 0", "deny, 6"})
    void aDaemonThatNeverAnswersCostsTheTimeoutAndNoMore(String action, int answer) throws Exception {
        serve(login -> login.ask().awaitClose());

        var outcome = call("timeout=300", "action_generic_failure=" + action);

        assertThat(outcome.answer()).isEqualTo(answer);
        assertThat(outcome.tookMs()).isLessThan(A_MOMENT_MS);
        assertThat(outcome.onlyLogLine()).contains("why=daemon_late").contains("errno=110");
        if ("deny".equals(action)) {
            assertThat(outcome.messages())
                    .containsExactly(
                            "3 Access denied by adoptd: the adoptd service on this node did not answer in time");
        }
    }

    @Test
    void aReplyThatTricklesInIsReadWholeBeforeTheDeadline() throws Exception {
        serve(trickling(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7")), 1));

        var outcome = call("timeout=30000", DENY);

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
    }

    @Test
    void aReplyThatTricklesInPastTheDeadlineIsLate() throws Exception {
        serve(trickling(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=" + "7".repeat(900))), 50));

        var outcome = call("timeout=300", DENY); // 50 ms a byte would be 45 s, were each read given its own time

        assertFailure(outcome, "daemon_late", "errno=110");
        assertThat(outcome.tookMs()).isLessThan(A_MOMENT_MS);
        assertThat(outcome.environment()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 30})
    void aReplyCutShortIsNoVerdict(int length) throws Exception {
        var whole = verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"));
        serve(answering(Arrays.copyOf(whole, length)));

        assertFailure(call(DENY), "daemon_closed", "errno=104"); // ECONNRESET
    }

    @Test
    void aReplyCutShortAndHeldOpenIsLate() throws Exception {
        var whole = verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"));
        serve(login -> {
            login.ask().send(Arrays.copyOf(whole, whole.length - 1));
            login.awaitClose();
        });

        assertFailure(call("timeout=300", DENY), "daemon_late", "errno=110");
    }

    static Stream<Arguments> unreadable() {
        var good = verdict(1, "only_job");
        var oversized = frame(VERDICT);
        oversized[6] = 0x20; // 8,193 and nothing behind it: refused by its length, not waited for
        oversized[7] = 0x01;
        var version = good.clone();
        version[4] = 1;
        var fields = new ArrayList<Field>();
        for (int i = 0; i < 65; i++) {
            fields.add(Field.variable("A=1"));
        }
        return Stream.of(
                arguments("garbage", "HTTP/1.1 200 OK\r\n\r\n".getBytes(UTF_8), "magic is not ADOP"),
                arguments("zeroes", new byte[64], "magic is not ADOP"),
                arguments("another version", version, "version is not 2"),
                arguments("a PONG", frame(PONG, Field.text(0x0001, "0.1")), "type answers no LOGIN"),
                arguments("an oversized length", oversized, "length is over the bound"),
                arguments("an unknown instruction", verdict(1, "r", Field.text(0x0009, "x")), "tag is unknown"),
                arguments("an unknown verdict", verdict(4, "r"), "verdict is not a value"),
                arguments("no verdict", frame(VERDICT, Field.text(0x0002, "r")), "verdict is missing"),
                arguments("no reason", frame(VERDICT, new Field(1, new byte[] {1})), "reason is missing"),
                arguments("a reason that is none", verdict(1, "a b"), "reason is not a value"),
                arguments(
                        "two messages", verdict(1, "r", Field.message("a"), Field.message("b")), "message comes twice"),
                arguments("a message of two lines", verdict(3, "r", Field.message("a\nb")), "message is not a value"),
                arguments("a variable that is none", verdict(1, "r", Field.variable("LD PRELOAD")), "variable is not"),
                arguments("65 variables", verdict(1, "r", fields.toArray(Field[]::new)), "variable comes too often"),
                arguments("an empty body", frame(VERDICT), "verdict is missing"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unreadable")
    void anUnreadableReplyIsAFailureAtOnce(String name, byte[] reply, String detail) throws Exception {
        serve(login -> {
            login.ask().send(reply);
            login.awaitClose(); // the module leaves first: it has seen enough
        });

        var outcome = call("timeout=20000", DENY);

        assertFailure(outcome, "daemon_unreadable", detail);
        assertThat(outcome.tookMs()).as(name).isLessThan(10_000);
        assertThat(outcome.environment()).isEmpty();
    }

    @Test
    void aRefusalIsAFailureWithTheDaemonsReasonInTheLog() throws Exception {
        serve(answering(frame(REFUSED, Field.text(0x0001, "stopping"), Field.text(0x0002, "going down"))));

        var outcome = call(DENY);

        assertFailure(outcome, "daemon_refused", "detail=\"stopping: going down\"");
        assertThat(outcome.messages())
                .containsExactly(
                        "3 Access denied by adoptd: the adoptd service on this node refused to decide this login");
    }

    @Test
    void aRefusalBeforeTheRequestWasWrittenIsHeardToo() throws Exception {
        serve(login -> login.send(frame(REFUSED, Field.text(0x0001, "busy"), Field.text(0x0002, "too many"))));

        var outcome = withSlow("sendto", "delay_enter").call(socketOption(), DENY);

        assertFailure(outcome, "daemon_refused", "detail=\"busy: too many\"");
    }

    @Test
    void aVerdictOnALoginThatWasNeverToldIsNone() throws Exception {
        serve(login -> login.send(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"))));

        var outcome = withSlow("sendto", "delay_enter").call(socketOption(), DENY);

        assertFailure(outcome, "daemon_closed", "detail=\"write of the request\" errno=");
        assertThat(outcome.environment()).isEmpty();
    }

    @Test
    void whoConnectsTooLateDoesNotAskAnyMore() throws Exception {
        serve(answering(verdict(1, "only_job")));

        var outcome = withSlow("connect", "delay_exit").call(socketOption(), "timeout=100", DENY);

        assertFailure(outcome, "daemon_late", "detail=\"connected, but too late to ask\" errno=110");
        assertThat(onlyLogin().hex(0x0001)).isEmpty();
    }

    @Test
    void aDaemonThatClosesUnheardIsAFailure() throws Exception {
        serve(login -> {});

        assertThat(call(DENY).answer()).isEqualTo(PAM_PERM_DENIED);
    }

    @Test
    void aDaemonKilledWhileALoginWaitsIsAFailureAtOnce() throws Exception {
        var process = muteDaemon(0);
        try (var said = process.inputReader()) {
            var killer = new Thread(() -> killOnceConnected(process, said));
            killer.start();

            var outcome = call("timeout=20000", DENY);

            assertFailure(outcome, "daemon_closed", "errno=104");
            assertThat(outcome.tookMs()).isLessThan(10_000);
            killer.join();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aFullBacklogIsWaitedForUntilTheDeadline() throws Exception {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket), 1);
            var waiting = fillBacklog();
            try {
                var outcome = call("timeout=300", DENY);

                assertFailure(outcome, "daemon_late", "detail=\"connect\" errno=110");
                assertThat(outcome.tookMs()).isLessThan(A_MOMENT_MS);
            } finally {
                for (var channel : waiting) {
                    channel.close();
                }
            }
        }
    }

    @Test
    void aBacklogThatEmptiesInTimeIsNoFailure() throws Exception {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket), 1);
            var waiting = fillBacklog();
            var late = new Thread(() -> serveAfter(300, listener, waiting.size()));
            late.start();

            assertThat(call("timeout=20000", DENY).answer()).isEqualTo(PAM_SUCCESS);

            late.join();
            for (var channel : waiting) {
                channel.close();
            }
        }
    }

    @Test
    void signalsNeitherShortenNorLengthenTheWait() throws Exception {
        serve(trickling(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7")), 5));
        assertThat(drive().with("-i")
                        .call(socketOption(), "timeout=30000", DENY)
                        .answer())
                .isEqualTo(PAM_SUCCESS);
    }

    @Test
    void signalsDoNotKeepALoginWaitingForever() throws Exception {
        serve(login -> login.ask().awaitClose());

        var outcome = drive().with("-i").call(socketOption(), "timeout=300", DENY);

        assertFailure(outcome, "daemon_late", "errno=110");
        assertThat(outcome.tookMs()).isLessThan(A_MOMENT_MS);
    }

    // ---- trust

    @Test
    void aSocketOfSomebodyElseIsNotTrusted() throws Exception {
        serve(answering(verdict(1, "only_job")));
        Files.setAttribute(socket, "unix:uid", 65534);

        assertUntrusted("the socket is not owned by root");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwx---", "rwx----w-"})
    void aSocketOthersMayWriteIsNotTrusted(String mode) throws Exception {
        serve(answering(verdict(1, "only_job")));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString(mode));

        assertUntrusted("the socket can be written by group or others");
    }

    @Test
    void aFolderOfSomebodyElseIsNotTrusted() throws Exception {
        serve(answering(verdict(1, "only_job")));
        Files.setAttribute(directory, "unix:uid", 65534);

        assertUntrusted("directory is not owned by root");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwx---", "rwx----wx"})
    void aFolderOthersMayWriteIsNotTrusted(String mode) throws Exception {
        serve(answering(verdict(1, "only_job")));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));

        assertUntrusted("directory can be written by group or others");
    }

    @Test
    void aFileOrALinkInTheSocketsPlaceIsNotTrusted() throws Exception {
        Files.writeString(socket, "");
        assertUntrusted("the socket is not a socket");
        Files.delete(socket);
        try (var elsewhere = new ScriptedDaemon(directory.resolve("elsewhere"), answering(verdict(1, "only_job")))) {
            Files.createSymbolicLink(socket, directory.resolve("elsewhere"));
            assertUntrusted("the socket is not a socket");
            assertThat(elsewhere.logins()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/link/gateway.sock", "/link//gateway.sock"})
    void aLinkInTheFoldersPlaceIsNotTrusted(String path) throws Exception {
        var real = Files.createDirectory(directory.resolve("real"));
        Files.createSymbolicLink(directory.resolve("link"), real);
        try (var elsewhere = new ScriptedDaemon(real.resolve("gateway.sock"), answering(verdict(1, "only_job")))) {
            var outcome = call("socket=" + directory + path, DENY);

            assertFailure(outcome, "daemon_untrusted", "directory is not a directory");
            assertThat(elsewhere.logins()).isEmpty();
        }
    }

    @Test
    void aListenerThatIsNotRootIsNotTrustedAndToldNothing() throws Exception {
        var process = muteDaemon(65534); // the file is root's, the listener is not
        try (var said = process.inputReader()) {

            assertFailure(call(DENY), "daemon_untrusted", "the socket is not served by root");

            assertThat(said.readLine()).isEqualTo("connected 0");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    // ---- whom nobody asks about

    @ParameterizedTest
    @ValueSource(strings = {"action_no_jobs=deny", "action_no_jobs=nonsense", "nonsense", "ignore_root=0", "timeout=0"})
    void rootIsNeverAskedAbout(String option) throws Exception {
        serve(answering(verdict(3, "trap")));

        var outcome = drive().as("sshd", "root").call(socketOption(), DENY, option);

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.messages()).isEmpty();
        assertNobodyCame();
    }

    @Test
    void rootTouchesNeitherSocketNorFolder() throws Exception {
        assumeStrace();
        serve(answering(verdict(3, "trap")));
        var trace = directory.resolve("trace");

        drive().under("strace", "-f", "-o", trace.toString()).as("sshd", "root").call(socketOption(), DENY);

        assertThat(Files.readString(trace).lines().skip(1)) // the first is the command line itself
                .noneMatch(line -> line.contains("gateway.sock") || line.contains("slurm"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "service=sshd", "service=LOGIN", "service=log", "service=login2"})
    void anotherServiceIsIgnored(String option) throws Exception {
        serve(answering(verdict(3, "trap")));

        var outcome = option.isEmpty()
                ? drive().as("login", "nobody").call(socketOption(), DENY)
                : drive().as("login", "nobody").call(socketOption(), DENY, option);

        assertThat(outcome.answer()).isEqualTo(PAM_IGNORE);
        assertThat(outcome.log()).isEmpty();
        assertNobodyCame();
    }

    @ParameterizedTest
    @ValueSource(strings = {"service=login", "service=*", "SERVICE=login"})
    void theServiceOptionNamesTheOneOrAny(String option) throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        assertThat(drive().as("login", "nobody").call(socketOption(), option).answer())
                .isEqualTo(PAM_PERM_DENIED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-user", "eve\u001b[2J\tlogin.decided"})
    void anUnknownUserIsASessionErrorWhateverTheAction(String user) throws Exception {
        serve(answering(verdict(1, "trap")));

        var outcome = drive().as("sshd", user).call(socketOption(), "action_generic_failure=allow");

        assertThat(outcome.answer()).isEqualTo(PAM_SESSION_ERR);
        assertThat(outcome.onlyLogLine())
                .contains("why=unknown_user")
                .doesNotContain("\u001b")
                .doesNotContain("\t");
        assertNobodyCame();
    }

    // ---- options

    @ParameterizedTest
    @CsvSource({"root, 25", "nobody, 6"})
    void thatRootCannotBeAskedAboutIsSaid(String user, int answer) throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        var outcome = drive().as("sshd", user).call(socketOption(), "ignore_root=0");

        assertThat(outcome.answer()).isEqualTo(answer);
        assertThat(outcome.log().get(0)).isEqualTo("6 option ignore_root=0 has no effect: root is never asked about");
    }

    @Test
    void anActionThatIsNotUnderstoodDeniesAndOtherOptionsGetTheirDefault() throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        var outcome = call("action_unknown=oldest", "join_container=no", "frobnicate", "timeout=soon");

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(onlyLogin().hex(0x0004)).isEqualTo("02030101");
        assertThat(outcome.log())
                .startsWith(
                        "3 option \"action_unknown=oldest\" is not understood: action_unknown= takes newest, allow, deny;"
                                + " it is now deny",
                        "3 option \"join_container=no\" is not understood: join_container= takes true, false; it is now true",
                        "3 option \"frobnicate\" is none of pam_adoptd's and does nothing",
                        "3 option \"timeout=soon\" is not understood: timeout= takes 100 to 60000 milliseconds;"
                                + " it is now 10000")
                .hasSize(5);
    }

    @Test
    void aLoginWritesFewLinesHoweverManyOptionsAreWrong() throws Exception {
        var wrong =
                Stream.iterate(1, i -> i + 1).limit(50).map(i -> "wrong" + i).toArray(String[]::new);

        assertThat(call(wrong).log()).hasSize(10).contains("3 42 more options are not understood");
    }

    @ParameterizedTest
    @CsvSource({"quiet, 0", "fatal, 0", "error, 1", "info, 2", "verbose, 2", "debug, 3", "5, 3", "DEBUG5, 3"})
    void theLogLevelSaysWhatReachesSyslog(String level, int lines) throws Exception {
        serve(answering(verdict(3, "no_jobs")));

        assertThat(call("nonsense", "log_level=" + level).log()).hasSize(lines);
    }

    // ---- under libpam

    @Test
    void aStackEndsWithTheDenial() throws Exception {
        serve(answering(verdict(3, "no_jobs", Field.message("no"))));

        var outcome = drive().stack("account required MODULE " + socketOption(), "account required pam_permit.so");

        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.messages()).containsExactly("3 no");
    }

    @ParameterizedTest
    @CsvSource({"pam_permit.so, true", "pam_deny.so, false"})
    void afterAnIgnoreTheNextModuleOfTheStackDecides(String next, boolean in) throws Exception {
        serve(answering(verdict(2, "no_jobs")));

        var outcome = drive().stack("account sufficient MODULE " + socketOption(), "account required " + next);

        assertThat(outcome.answer() == PAM_SUCCESS).isEqualTo(in);
    }

    @Test
    void asSufficientASuccessIsEnough() throws Exception {
        serve(answering(verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"))));

        var outcome = drive().stack(
                        "account sufficient MODULE " + socketOption() + " nodename=n1", "account required pam_deny.so");

        assertThat(outcome.answer()).isEqualTo(PAM_SUCCESS);
        assertThat(outcome.environment()).containsExactly("SLURM_JOB_ID=7");
        assertThat(onlyLogin().text(0x0007)).isEqualTo("n1");
    }

    @Test
    void aSessionLineNeverBreaksAStack() throws Exception {
        serve(answering(verdict(2, "no_jobs")));
        var lines = new String[] {"session required MODULE " + socketOption(), "session required pam_permit.so"};

        for (var user : List.of("nobody", "root")) {
            assertThat(drive().with("-x", "oc").as("sshd", user).stack(lines).answers())
                    .containsExactly(PAM_SUCCESS, PAM_SUCCESS);
        }
        assertThat(drive().with("-x", "oc").as("login", "nobody").stack(lines).answers())
                .containsExactly(PAM_SUCCESS, PAM_SUCCESS);
    }

    @Test
    void theModuleAloneOpensAndClosesWhatTheDaemonLetsIn() throws Exception {
        serve(answering(success()));
        var line = " required MODULE " + socketOption();

        var outcome = drive().with("-x", "aoc").stack("account" + line, "session" + line);

        assertThat(outcome.answers()).containsExactly(PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS);
    }

    // ---- memory

    static Stream<Arguments> replies() {
        return Stream.of(
                arguments("success", verdict(1, "only_job", Field.variable("SLURM_JOB_ID=7"), Field.message("hi"))),
                arguments("deny", verdict(3, "no_jobs", Field.message("no"), Field.text(0x8001, "7f3a"))),
                arguments("refused", frame(REFUSED, Field.text(0x0001, "busy"), Field.text(0x0002, "too many"))),
                arguments("unreadable", frame(VERDICT, Field.message("\n"))),
                arguments("cut", Arrays.copyOf(verdict(1, "only_job"), 11)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("replies")
    void noMemoryIsLostOrMisread(String name, byte[] reply) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/valgrind")), "needs valgrind");
        serve(answering(reply));

        var outcome = drive().under(
                        "/usr/bin/valgrind",
                        "--quiet",
                        "--error-exitcode=99",
                        "--leak-check=full",
                        "--errors-for-leak-kinds=definite,indirect,possible")
                .with("-a")
                .call(socketOption(), "timeout=60000", DENY, "nonsense", "log_level=debug");

        assertThat(outcome.answer()).as(name).isEqualTo("success".equals(name) ? PAM_SUCCESS : PAM_PERM_DENIED);
    }

    // ---- how it is said above

    private void serve(Script script) throws IOException {
        daemon = new ScriptedDaemon(socket, script);
    }

    private static Script answering(byte[] reply) {
        return login -> login.ask().send(reply);
    }

    /** A script for each login; the last one for all that follow. */
    private static Script inTurn(Script... scripts) {
        var next = new AtomicInteger();
        return login -> scripts[Math.min(next.getAndIncrement(), scripts.length - 1)].play(login);
    }

    private static Script trickling(byte[] reply, long everyMs) {
        return login -> {
            login.ask();
            for (var one : reply) {
                login.send(new byte[] {one});
                Thread.sleep(everyMs);
            }
        };
    }

    private NamespaceDaemon namespaces(byte[] reply, String... arguments) throws Exception {
        return new NamespaceDaemon(namespaceDaemon, socket, reply, arguments);
    }

    private static byte[] success(Field... more) {
        var fields = Stream.concat(Stream.of(Field.variable("SLURM_JOB_ID=7")), Stream.of(more));
        return verdict(1, "only_job", fields.toArray(Field[]::new));
    }

    private PamDrive drive() {
        return drive(pamdrive);
    }

    /** {@link #sshd} is the same program by a name that the module knows. */
    private PamDrive drive(Path program) {
        return new PamDrive(program, module, directory);
    }

    private String record(long uid, long job) throws IOException {
        return record(uid, job, "2123");
    }

    /** The argument that has the program's own record written as adoptd writes it. */
    private String record(long uid, long job, String actions) throws IOException {
        var logins = Files.createDirectories(directory.resolve("logins"));
        return logins + ":adoptd-login 1 uid=" + uid + " job=" + job + " actions=" + actions
                + " switches=3 nodename=c1";
    }

    /** A call in whose process each of these system calls takes 300 ms more. */
    private PamDrive withSlow(String syscall, String where) throws Exception {
        assumeStrace();
        return drive().under(
                        "strace",
                        "-o",
                        directory.resolve("trace").toString(),
                        "-e",
                        "trace=" + syscall,
                        "-e",
                        "inject=" + syscall + ":" + where + "=300000");
    }

    private static void assumeStrace() throws Exception {
        try {
            var strace = new ProcessBuilder("strace", "-o", "/dev/null", "true").start();
            assumeTrue(strace.waitFor() == 0, "needs an strace that may trace");
        } catch (IOException e) {
            assumeTrue(false, "needs strace: " + e.getMessage());
        }
    }

    private Outcome call(String... options) throws Exception {
        var all = new ArrayList<String>(List.of(socketOption()));
        all.addAll(List.of(options)); // an option said twice counts the second time
        return drive().call(all.toArray(String[]::new));
    }

    private String socketOption() {
        return "socket=" + socket;
    }

    private void assertFailure(Outcome outcome, String why, String detail) {
        assertThat(outcome.answer()).isEqualTo(PAM_PERM_DENIED);
        assertThat(outcome.messages()).hasSize(1).first().asString().startsWith("3 Access denied by adoptd: ");
        assertThat(outcome.onlyLogLine()).contains("why=" + why + " ").contains(detail);
    }

    private void assertUntrusted(String detail) throws Exception {
        var outcome = call(DENY);
        assertFailure(outcome, "daemon_untrusted", detail);
        assertThat(outcome.onlyLogLine()).startsWith("3 SECURITY: ");
        if (daemon != null) {
            assertNobodyCame();
        }
    }

    private ScriptedDaemon daemon() {
        if (daemon == null) {
            throw new AssertionError("no daemon was started");
        }
        return daemon;
    }

    private ScriptedDaemon.Login onlyLogin() {
        assertThat(daemon().logins()).hasSize(1);
        return daemon().logins().get(0);
    }

    private void assertNobodyCame() throws IOException {
        assertNobodyCameBut(0);
    }

    private void assertNobodyCameBut(int logins) throws IOException {
        try (var probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            probe.shutdownOutput();
            probe.read(ByteBuffer.allocate(1)); // until it was its turn, which is after whoever came before
        }
        assertThat(daemon().logins()).as("this probe and nobody else").hasSize(logins + 1);
    }

    private Process muteDaemon(int uid) throws IOException {
        var process = new ProcessBuilder(muteDaemon.toString(), socket.toString(), Integer.toString(uid))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("listening");
        return process;
    }

    private static void killOnceConnected(Process process, BufferedReader said) {
        try {
            said.readLine();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        process.destroyForcibly();
    }

    private List<SocketChannel> fillBacklog() throws IOException {
        var waiting = new ArrayList<SocketChannel>();
        while (true) {
            var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.configureBlocking(false);
            try {
                if (channel.connect(UnixDomainSocketAddress.of(socket))) {
                    waiting.add(channel);
                    continue;
                }
                channel.close();
                return waiting;
            } catch (IOException full) { // EAGAIN
                channel.close();
                return waiting;
            }
        }
    }

    private static void serveAfter(long ms, ServerSocketChannel listener, int before) {
        try {
            Thread.sleep(ms);
            for (int i = 0; i < before; i++) {
                listener.accept().close();
            }
            try (var login = listener.accept()) {
                login.write(ByteBuffer.wrap(verdict(1, "only_job")));
                login.read(ByteBuffer.allocate(2_056));
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static ServerSocket listenAt(String address) throws IOException {
        return new ServerSocket(0, 8, InetAddress.getByName(address));
    }

    private static String place(ServerSocket listener) {
        return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
    }

    /** The head of a connection field whose source is this listener. */
    private static String source(ServerSocket listener) {
        var hex = HexFormat.of();
        return "04" + hex.formatHex(listener.getInetAddress().getAddress())
                + hex.toHexDigits((short) listener.getLocalPort());
    }

    private static long uidOfNobody() throws IOException {
        return Files.readAllLines(Path.of("/etc/passwd")).stream()
                .filter(line -> line.startsWith("nobody:"))
                .map(line -> Long.parseLong(line.split(":", -1)[2]))
                .findFirst()
                .orElseThrow();
    }
}
