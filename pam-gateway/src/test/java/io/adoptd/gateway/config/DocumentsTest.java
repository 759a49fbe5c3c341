package io.adoptd.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.adoptd.gateway.cli.Adoptctl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Holds what an administrator reads against what the parsers take: README, manual pages, adoptd.conf, the package's README. */
class DocumentsTest {

    private static final String README = "../README.md";
    private static final String PACKAGE_README = "src/deb/root/usr/share/doc/adoptd/README";
    private static final String CONF = "src/deb/root/etc/adoptd/adoptd.conf";
    private static final String PAM_PAGE = "src/deb/man/pam_adoptd.8";
    private static final String CONF_PAGE = "src/deb/man/adoptd.conf.5";
    private static final String CTL_PAGE = "src/deb/man/adoptctl.1";

    private static final String OPTIONS = "pam_adoptd.so action_adopt_failure=deny action_generic_failure=deny";

    @ParameterizedTest
    @ValueSource(strings = {README, PACKAGE_README, PAM_PAGE})
    void bothLinesDenyWhereverTheyAreShown(String document) {
        assertThat(matches(document, "(?m)^ *((?:account|session)\\s+\\w+\\s+pam_adoptd\\.so.*)$"))
                .extracting(line -> line.group(1).strip())
                .containsOnly("account  required  " + OPTIONS, "session  required  " + OPTIONS)
                .contains("account  required  " + OPTIONS, "session  required  " + OPTIONS);
    }

    @Test
    void adoptdConfNamesEveryKeyWithItsDefault() throws ConfigException {
        assertThat(confDefaults().keySet()).isEqualTo(knownKeys());
        String uncommented = confDefaults().entrySet().stream()
                .filter(key -> !key.getKey().equals("slurm.conf")) // shown by example: its default is to look for it
                .map(key -> key.getKey() + " = " + key.getValue())
                .collect(Collectors.joining("\n"));

        assertThat(GatewayConfigReader.parse("defaults", uncommented))
                .isEqualTo(GatewayConfigReader.parse("empty", ""));
    }

    @Test
    void readmeHasEveryKeyWithItsDefault() {
        var rows = readmeTable("### adoptd.conf");

        assertThat(rows.keySet()).isEqualTo(knownKeys());
        rows.forEach((key, row) -> assertThat(row)
                .satisfiesAnyOf(
                        told -> assertThat(told).isEmpty(),
                        told -> assertThat(told).startsWith(confDefaults().get(key))));
    }

    @Test
    void theManualPageHasEveryKeyWithItsDefault() {
        var items = manualItems(CONF_PAGE, "\\.It Cm ([a-z.]+) No = .*");

        assertThat(items.keySet()).isEqualTo(knownKeys());
        items.forEach((key, text) -> {
            if (!key.equals("slurm.conf")) {
                assertThat(defaultIn(text)).as(key).isEqualTo(confDefaults().get(key));
            }
        });
    }

    @Test
    void readmeHasEveryPamOptionWithItsDefault() {
        var rows = readmeTable("### The PAM line");

        assertThat(rows.keySet()).isEqualTo(pamDefaults().keySet());
        rows.forEach((option, values) ->
                assertThat(values).as(option).startsWith(pamDefaults().get(option)));
    }

    @Test
    void theManualPageHasEveryPamOptionWithItsDefault() {
        var items = manualItems(PAM_PAGE, "\\.It Cm ([a-z0-9_]+) Ns = .*");

        assertThat(items.keySet()).isEqualTo(pamDefaults().keySet());
        items.forEach((option, text) ->
                assertThat(defaultIn(text)).as(option).isEqualTo(pamDefaults().get(option)));
    }

    @Test
    void theManualPageHasEveryCommandOfAdoptctlWithItsOptions() {
        String page = read(CTL_PAGE);
        String synopsis = page.substring(page.indexOf(".Sh SYNOPSIS"), page.indexOf(".Sh DESCRIPTION"));

        new CommandLine(Adoptctl.class).getSubcommands().forEach((name, command) -> {
            String ofCommand = Arrays.stream(synopsis.split("(?m)^\\.Nm$"))
                    .filter(part -> part.contains(".Cm " + name + "\n"))
                    .collect(Collectors.joining());
            assertThat(page).contains(".It Cm " + name);
            assertThat(flags(ofCommand)).as(name).isEqualTo(longOptions(command));
        });
    }

    private static Set<String> flags(String synopsis) {
        return Pattern.compile("Fl -([a-z-]+)")
                .matcher(synopsis)
                .results()
                .map(flag -> "--" + flag.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> longOptions(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .map(OptionSpec::longestName)
                .filter(name -> !Set.of("--help", "--version").contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The keys that the reader names when it meets one that it does not know. */
    private static Set<String> knownKeys() {
        ConfigException fault =
                catchThrowableOfType(ConfigException.class, () -> GatewayConfigReader.parse("x", "no_such_key = 1"));
        String told = fault.faults().get(0);
        return new TreeSet<>(List.of(
                told.substring(told.indexOf("one of ") + "one of ".length()).split(", ")));
    }

    /** Key and default of each line {@code # key = default}; examples are indented. */
    private static Map<String, String> confDefaults() {
        return matches(CONF, "(?m)^# ([a-z.]+) = (.*)$")
                .collect(Collectors.toMap(
                        line -> line.group(1), line -> line.group(2), (one, other) -> one + other, TreeMap::new));
    }

    /** Option and default of each row of the module's own table; empty for one that is left out by default. */
    private static Map<String, String> pamDefaults() {
        return matches("src/main/c/options.c", "\\{ \"([a-z0-9_]+)=\", take_\\w+, (?:\"([^\"]*)\"|NULL),")
                .collect(Collectors.toMap(
                        row -> row.group(1),
                        row -> row.group(2) == null ? "" : row.group(2),
                        (one, other) -> one + other,
                        TreeMap::new));
    }

    /** Name and second cell of a table of README; a row may name several, without a second cell for them. */
    private static Map<String, String> readmeTable(String heading) {
        String text = read(README);
        String table = text.substring(text.indexOf(heading)).replaceFirst("(?s)^.*?\\n(\\|.*?)\\n\\n.*$", "$1");
        var rows = new TreeMap<String, String>();
        for (String row : table.lines().toList()) {
            String[] cells = row.split("(?<!\\\\)\\|", -1);
            Pattern.compile("`([^`]+)`")
                    .matcher(cells[1])
                    .results()
                    .forEach(name ->
                            rows.put(name.group(1), cells[2].replace("`", "").strip()));
        }
        return rows;
    }

    private static Map<String, String> manualItems(String page, String item) {
        var items = new TreeMap<String, StringBuilder>();
        StringBuilder now = new StringBuilder();
        for (String line : read(page).lines().toList()) {
            var matcher = Pattern.compile(item).matcher(line);
            if (matcher.matches()) {
                now = new StringBuilder();
                items.put(matcher.group(1), now);
            } else if (line.equals(".El")) {
                now = new StringBuilder();
            } else {
                now.append(line).append('\n');
            }
        }
        var texts = new LinkedHashMap<String, String>();
        items.forEach((name, text) -> texts.put(name, text.toString()));
        return new TreeMap<>(texts);
    }

    private static String defaultIn(String text) {
        var told = Pattern.compile("(?m)^The default is\\n\\.Cm (.*) \\.$").matcher(text);
        return told.find() ? told.group(1) : "";
    }

    private static Stream<MatchResult> matches(String file, String pattern) {
        return Pattern.compile(pattern).matcher(read(file)).results();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
