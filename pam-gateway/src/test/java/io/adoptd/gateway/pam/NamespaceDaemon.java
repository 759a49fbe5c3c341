package io.adoptd.gateway.pam;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** {@code src/test/c/ns_daemon.c}: a daemon that gives every login one reply, and descriptors of namespaces with it. */
final class NamespaceDaemon implements AutoCloseable {
    /** Numbers of {@code <linux/sched.h>}. */
    static final int CLONE_NEWNS = 0x0002_0000;

    static final int CLONE_NEWUSER = 0x1000_0000;
    static final int CLONE_NEWPID = 0x2000_0000;

    private static final int CANNOT_RUN_HERE = 77;

    private final Process process;
    private final List<String> namespaces = new ArrayList<>();

    /** Arguments: options of the program, then what each descriptor is of; see there. */
    NamespaceDaemon(Path program, Path socket, byte[] reply, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(program.toString()));
        for (var argument : arguments) {
            if (argument.startsWith("-")) {
                command.add(argument);
            }
        }
        command.addAll(List.of(socket.toString(), HexFormat.of().formatHex(reply)));
        for (var argument : arguments) {
            if (!argument.startsWith("-")) {
                command.add(argument);
            }
        }
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var said = process.inputReader();
        for (var line = said.readLine(); !"listening".equals(line); line = said.readLine()) {
            if (line == null) {
                var exit = process.waitFor();
                assumeTrue(exit != CANNOT_RUN_HERE, "these namespaces cannot be made here");
                throw new AssertionError("ns_daemon ended with " + exit);
            }
            namespaces.add(line.substring("namespace ".length()));
        }
    }

    /** {@code "<kind> <link>"} for each descriptor. */
    List<String> namespaces() {
        return namespaces;
    }

    /** What /proc says when a process is in the namespace of this kind that is given here. */
    String link(String kind) {
        return namespaces.stream()
                .filter(namespace -> namespace.startsWith(kind + " "))
                .map(namespace -> namespace.substring(kind.length() + 1))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            assertThat(process.waitFor(10, SECONDS)).as("ns_daemon ends").isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
