package io.adoptd.kernel.libc;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pinned numbers against a C program compiled here and now. */
class LayoutIT {

    @TempDir
    Path dir;

    @Test
    void thisMachinesCompilerPrintsThePinnedNumbers() throws Exception {
        assumeTrue(hasGcc(), "no gcc here to ask");
        List<String> expected = new ArrayList<>(Layout.STRUCTS);
        expected.addAll(Layout.ARRAYS);
        expected.addAll(Layout.CONSTANTS);
        expected.addAll(Layout.resourceLines());
        expected.addAll(errnos());

        List<String> printed = run(compiled(source(expected)));

        // a header older than its kernel lacks a name; the number is then the kernel's alone
        expected.removeIf(line -> printed.contains(line.split(" ", -1)[0] + " absent"));
        assertThat(printed).filteredOn(line -> !line.endsWith(" absent")).containsExactlyElementsOf(expected);
        assertThat(printed).filteredOn(line -> line.endsWith(" absent")).isSubsetOf("SO_PEERPIDFD absent");
    }

    private static List<String> errnos() {
        return IntStream.rangeClosed(1, 133)
                .mapToObj(errno -> Errno.nameOf(errno) + " " + errno)
                .filter(line -> !line.startsWith("errno "))
                .toList();
    }

    private static String source(List<String> lines) {
        return Stream.of(
                        "netdb.h",
                        "poll.h",
                        "pwd.h",
                        "fcntl.h",
                        "unistd.h",
                        "errno.h",
                        "stdio.h",
                        "stddef.h",
                        "sys/syscall.h",
                        "sys/uio.h",
                        "sys/resource.h",
                        "sys/socket.h")
                .map(header -> "#include <" + header + ">\n")
                .collect(joining(
                        "",
                        "#define _GNU_SOURCE\n",
                        "int main(void) {\n"
                                + lines.stream().map(LayoutIT::statement).collect(joining())
                                + "return 0;\n}\n"));
    }

    private static String statement(String line) {
        String[] words = line.split(" ", -1);
        return words[0].equals("struct") ? struct(words) : constant(words[0]);
    }

    private static String struct(String[] words) {
        String type = "struct " + words[1];
        var statement = new StringBuilder("printf(\"" + type + " %zu\", sizeof(" + type + "));\n");
        for (int i = 3; i < words.length; i += 2) {
            statement.append("printf(\" " + words[i] + " %zu\", offsetof(" + type + ", " + words[i] + "));\n");
        }
        return statement + "puts(\"\");\n";
    }

    private static String constant(String name) {
        return "#ifdef " + name + "\nprintf(\"" + name + " %lld\\n\", (long long)" + name + ");\n#else\nputs(\"" + name
                + " absent\");\n#endif\n";
    }

    private static boolean hasGcc() throws InterruptedException {
        try {
            return new ProcessBuilder("gcc", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private String compiled(String source) throws Exception {
        Path program = dir.resolve("layout");
        Path code = Files.writeString(dir.resolve("layout.c"), source);
        run("gcc", "-Wall", "-Werror", "-o", program.toString(), code.toString());
        return program.toString();
    }

    private static List<String> run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> output = process.inputReader().lines().toList();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(String.join("\n", output)).isZero();
        return output;
    }
}
