package io.adoptd.gateway.pam;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One call of the module by {@code src/test/c/pamdrive.c}, a program that stands where sshd would.
 *
 * <p>Programs are compiled once into {@code target/c-test}; a machine without a C compiler skips.
 */
final class PamDrive {
    static final int PAM_SUCCESS = 0;
    static final int PAM_PERM_DENIED = 6;
    static final int PAM_SESSION_ERR = 14;
    static final int PAM_IGNORE = 25;

    private static final int CANNOT_RUN_HERE = 77;

    private final Path program;
    private final Path module;
    private final Path services;
    private final List<String> arguments = new ArrayList<>();
    private final List<String> before = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private String service = "sshd";
    private String user = "nobody";
    private boolean mayMove;
    private int exit;

    PamDrive(Path program, Path module, Path services) {
        this.program = program;
        this.module = module;
        this.services = services;
    }

    /**
     * What the calls did.
     *
     * @param answers one for each call
     * @param tookMs all of them together
     * @param messages {@code "<style> <text>"}
     * @param log {@code "<priority> <text>"}
     * @param connections {@code "open"} or {@code "ended"}, in the order in which the options made them
     * @param namespaces {@code "<kind> <link>"} after the calls, if the option for it was given
     * @param timers the signals that the kernel will send the process after the calls
     */
    record Outcome(
            List<Integer> answers,
            long tookMs,
            List<String> messages,
            List<String> environment,
            List<String> log,
            List<String> connections,
            List<String> namespaces,
            List<String> timers) {
        /** Of the last call. */
        int answer() {
            return answers.get(answers.size() - 1);
        }

        String onlyLogLine() {
            assertThat(log).hasSize(1);
            return log.get(0);
        }
    }

    static Path compile(String name, String... flags) throws Exception {
        var out = Files.createDirectories(Path.of("target", "c-test"));
        var compiled = out.resolve(name);
        var compiler = System.getenv().getOrDefault("CC", "cc");
        var command = new ArrayList<>(List.of(compiler, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"));
        command.addAll(List.of("-g", "-o", compiled.toString(), "src/test/c/" + name + ".c"));
        command.addAll(List.of(flags));
        Process cc;
        try {
            cc = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "needs a C compiler: " + e.getMessage());
            throw e;
        }
        var said = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(cc.waitFor()).as("%s: %s", command, said).isZero();
        return compiled.toAbsolutePath();
    }

    PamDrive under(String... command) {
        before.addAll(List.of(command));
        return this;
    }

    /** Options of the program, see there. */
    PamDrive with(String... options) {
        this.options.addAll(List.of(options));
        return this;
    }

    /** The program ends by this signal. */
    PamDrive until(int signal) {
        exit = 128 + signal;
        return this;
    }

    /** The calls join a mount namespace, whose root becomes the working directory. */
    PamDrive joining() {
        mayMove = true;
        return with("-N");
    }

    PamDrive as(String service, String user) {
        this.service = service;
        this.user = user;
        return this;
    }

    /** Calls the module's entry with these arguments. Its answer is exact. */
    Outcome call(String... arguments) throws Exception {
        this.arguments.add(module.toString());
        this.arguments.addAll(List.of(arguments));
        return run();
    }

    /** Calls libpam with a service file of these lines; {@code MODULE} in them is the module's path. */
    Outcome stack(String... lines) throws Exception {
        var text = String.join("\n", lines).replace("MODULE", module.toString());
        Files.writeString(services.resolve(service), text + "\n");
        return run();
    }

    private Outcome run() throws Exception {
        for (var name : List.of(service, "other")) {
            if (!Files.exists(services.resolve(name))) {
                Files.writeString(services.resolve(name), "account required " + module + "\n");
            }
        }
        var command = new ArrayList<>(before);
        command.add(program.toString());
        command.addAll(options);
        command.addAll(List.of(services.toString(), service, user));
        command.addAll(arguments);
        var printed = services.resolve("stdout").toFile(); // files, for a pipe of a hanging call would be read forever
        var complained = services.resolve("stderr").toFile();
        var process = new ProcessBuilder(command)
                .redirectOutput(printed)
                .redirectError(complained)
                .start();
        boolean ended = false;
        try {
            ended = process.waitFor(30, SECONDS);
        } finally {
            process.destroyForcibly().waitFor();
        }
        var out = Files.readString(printed.toPath());
        var said = Files.readString(complained.toPath());
        assertThat(ended).as("the call ends: %s%n%s", command, out).isTrue();
        assumeTrue(process.exitValue() != CANNOT_RUN_HERE, "cannot run here: " + said);
        assertThat(process.exitValue()).as("%s%n%s%s", command, out, said).isEqualTo(exit);
        return outcome(mayMove ? out.replace("changed directory\n", "") : out);
    }

    /** What holds for every call whatever came of it is asserted here: a guest leaves nothing behind. */
    private static Outcome outcome(String out) {
        assertThat(values(out, "leaked")).as("descriptors left open").isEmpty();
        assertThat(values(out, "errno")).as("errno changed").isEmpty();
        assertThat(values(out, "changed")).as("left changed").isEmpty();
        assertThat(out.lines())
                .allMatch(line ->
                        line.matches("(log|message|env|answer|took_ms|connection|namespace|timer|outlived) .*"));
        return new Outcome(
                values(out, "answer").stream().map(Integer::valueOf).toList(),
                values(out, "took_ms").stream().mapToLong(Long::parseLong).sum(),
                values(out, "message"),
                values(out, "env"),
                values(out, "log"),
                values(out, "connection"),
                values(out, "namespace"),
                values(out, "timer"));
    }

    private static List<String> values(String out, String key) {
        return Arrays.stream(out.split("\n"))
                .filter(line -> line.startsWith(key + " "))
                .map(line -> line.substring(key.length() + 1))
                .toList();
    }
}
