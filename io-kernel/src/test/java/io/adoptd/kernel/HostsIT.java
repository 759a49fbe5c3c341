package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.kernel.libc.KernelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HostsIT {

    @Test
    void aHostIsCalledWhatEtcHostsSays() throws Exception {
        for (List<String> names : etcHosts()) {
            assertThat(Hosts.namesOf(names.get(0))).containsAll(names);
        }
        assertThat(Hosts.namesOf("localhost")).startsWith("localhost");
    }

    /** Those of the lines for localhost, which every machine has, and whose names nobody else is asked for. */
    private static List<List<String>> etcHosts() throws Exception {
        try (Stream<String> lines = Files.lines(Path.of("/etc/hosts"))) {
            return lines.map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> line.matches("127\\.0\\.0\\.1\\s.*"))
                    .map(line -> List.of(line.split("\\s+")))
                    .map(words -> words.subList(1, words.size()))
                    .toList();
        }
    }

    @Test
    void nobodysHostIsCalledNothing() {
        try {
            assertThat(Hosts.namesOf("no-such-host.invalid")).isEmpty();
        } catch (KernelException withoutAnybodyToAsk) {
            assertThat(withoutAnybodyToAsk).hasMessageContaining("TRY_AGAIN");
        }
    }
}
