package io.adoptd.gateway.config;

import ch.qos.logback.classic.Level;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.adoptd.pipeline.LoginPipeline;
import io.adoptd.pipeline.policy.Inheritance;
import io.adoptd.pipeline.time.Slices;
import java.io.File;
import java.io.IOException;
import java.io.StringReader;
import java.net.URL;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads adoptd.conf. The notation is HOCON's; {@code include} and substitutions are not used here. */
public final class GatewayConfigReader {

    /** Ten times what it may say; to add to one list needs time that grows with the square of the additions. */
    static final int MAX_BYTES = 16 * 1024;

    private static final int MAX_SOCKET_PATH = 107; // sun_path less its NUL, unix(7)

    private static final Map<String, Level> LEVELS = Map.of(
            "error", Level.ERROR,
            "warn", Level.WARN,
            "info", Level.INFO,
            "debug", Level.DEBUG,
            "trace", Level.TRACE);

    private final String file;
    private final Config config;
    private final List<String> faults = new ArrayList<>();
    private final TreeSet<String> known = new TreeSet<>();

    private GatewayConfigReader(String file, Config config) {
        this.file = file;
        this.config = config;
    }

    /** Reads the file, whole. */
    public static GatewayConfig read(Path file) throws ConfigException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw tooLarge(file.toString());
            }
            return parse(file.toString(), Files.readString(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new ConfigException(List.of(file + ": cannot be read: " + why(e)));
        }
    }

    private static String why(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e instanceof MalformedInputException ? "not UTF-8" : e.toString();
    }

    private static ConfigException tooLarge(String file) {
        return new ConfigException(List.of(file + ": larger than " + MAX_BYTES + " bytes"));
    }

    /** Reads the text of a file of that name. The parser recurses with every bracket, and nothing else bounds that. */
    static GatewayConfig parse(String file, String text) throws ConfigException {
        if (text.length() > MAX_BYTES) {
            throw tooLarge(file);
        }
        var options = ConfigParseOptions.defaults()
                .setSyntax(ConfigSyntax.CONF)
                .setOriginDescription(file)
                .setIncluder(new NoIncludes());
        try {
            return new GatewayConfigReader(file, ConfigFactory.parseReader(new StringReader(text), options)).checked();
        } catch (com.typesafe.config.ConfigException.NotResolved e) {
            throw new ConfigException(List.of(file + ": " + lineOf("${", text) + ": expected no substitution"));
        } catch (com.typesafe.config.ConfigException.Generic e) {
            throw new ConfigException(List.of(file + ": " + lineOf("include", text) + ": " + e.getMessage()));
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(List.of(String.valueOf(e.getMessage())));
        } catch (StackOverflowError e) {
            throw new ConfigException(List.of(file + ": more brackets or dots within each other than can be read"));
        }
    }

    private static long lineOf(String what, String text) {
        return text.substring(0, Math.max(0, text.indexOf(what)))
                        .chars()
                        .filter(c -> c == '\n')
                        .count()
                + 1;
    }

    private GatewayConfig checked() throws ConfigException {
        var result = new GatewayConfig(
                get("socket", this::socketPath, GatewayConfig.DEFAULT_SOCKET),
                get("login.deadline", duration(100, 60_000), GatewayConfig.DEFAULT.loginDeadline()),
                new Slices(
                        get("steps.timeout", duration(10, 30_000), Slices.DEFAULT.steps()),
                        get("callerid.connect", duration(10, 30_000), Slices.DEFAULT.connect()),
                        get("callerid.timeout", duration(10, 30_000), Slices.DEFAULT.callerid()),
                        get("adopt.timeout", duration(10, 30_000), Slices.DEFAULT.adopt()),
                        get("membership.timeout", duration(10, 30_000), Slices.DEFAULT.membership()),
                        get("settings.timeout", duration(10, 30_000), Slices.DEFAULT.settings())),
                get("steps.starting", duration(0, 30_000), GatewayConfig.DEFAULT.stepsStarting()),
                get("logins.max", GatewayConfigReader::count, 1_024),
                slurmConf(),
                inheritance(),
                get("log.level", GatewayConfigReader::level, Level.INFO));
        unknownKeys();
        slicesWithin(result);
        if (!faults.isEmpty()) {
            throw new ConfigException(faults);
        }
        return result;
    }

    private @Nullable Path slurmConf() {
        known.add("slurm.conf");
        return config.hasPath("slurm.conf") ? get("slurm.conf", GatewayConfigReader::absolute, Path.of("/")) : null;
    }

    private Inheritance inheritance() {
        var variables = listed(names -> new Inheritance(names, List.of()));
        var limits = listed(names -> new Inheritance(List.of(), names));
        return new Inheritance(
                get("session.variables", variables, Inheritance.NOTHING).variables(),
                get("session.limits", limits, Inheritance.NOTHING).limits());
    }

    /** The value of a key; its default when it is not set, or, the fault being noted, when it is not one. */
    private <T> T get(String key, Function<ConfigValue, T> reader, T byDefault) {
        known.add(key);
        if (!config.hasPath(key)) {
            return byDefault;
        }
        try {
            return reader.apply(config.getValue(key));
        } catch (Unexpected e) {
            fault(config.getValue(key), key + " = " + shown(config.getValue(key)) + ": expected " + e.getMessage());
            return byDefault;
        }
    }

    private Path socketPath(ConfigValue value) {
        Path path = absolute(value);
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET_PATH || path.getParent() == null) {
            throw new Unexpected("an absolute path of at most " + MAX_SOCKET_PATH + " bytes");
        }
        return path;
    }

    private static Path absolute(ConfigValue value) {
        try {
            Path path = Path.of(text(value));
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            throw new Unexpected("an absolute path");
        }
        throw new Unexpected("an absolute path");
    }

    private static Function<ConfigValue, Duration> duration(long minMillis, long maxMillis) {
        return value -> {
            var expected = new Unexpected("a duration with its unit, " + minMillis + "ms to " + maxMillis + "ms");
            if (!text(value).matches("\\d+(\\.\\d+)?\\s*[a-z]+")) {
                throw expected;
            }
            Duration duration;
            try {
                duration = value.atKey("v").getDuration("v");
            } catch (com.typesafe.config.ConfigException e) {
                throw expected;
            }
            if (duration.compareTo(Duration.ofMillis(minMillis)) < 0
                    || duration.compareTo(Duration.ofMillis(maxMillis)) > 0) {
                throw expected;
            }
            return duration;
        };
    }

    /** Reads a list of names into what it makes of them, which refuses those that may not stand there. */
    private static Function<ConfigValue, Inheritance> listed(Function<List<String>, Inheritance> make) {
        return value -> {
            if (!(value instanceof ConfigList list)) {
                throw new Unexpected("a list, such as [A, B]");
            }
            try {
                return make.apply(list.stream().map(GatewayConfigReader::text).toList());
            } catch (IllegalArgumentException e) {
                throw new Unexpected(String.valueOf(e.getMessage()));
            }
        };
    }

    private static int count(ConfigValue value) {
        String text = text(value);
        if (!text.matches("\\d{1,5}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > LoginPipeline.MOST_AT_ONCE) {
            throw new Unexpected("a whole number, 1 to " + LoginPipeline.MOST_AT_ONCE);
        }
        return Integer.parseInt(text);
    }

    private static Level level(ConfigValue value) {
        Level level = LEVELS.get(text(value));
        if (level == null) {
            throw new Unexpected("one of " + new TreeSet<>(LEVELS.keySet()));
        }
        return level;
    }

    private static String text(ConfigValue value) {
        return switch (value.valueType()) {
            case STRING, NUMBER, BOOLEAN -> value.unwrapped().toString();
            case LIST, OBJECT, NULL -> throw new Unexpected("one value");
        };
    }

    private void unknownKeys() {
        leaves(config.root(), List.of()).forEach(leaf -> {
            if (!known.contains(leaf.getKey())) {
                fault(
                        leaf.getValue(),
                        "unknown key " + leaf.getKey() + ": expected one of " + String.join(", ", known));
            }
        });
    }

    private static Stream<Map.Entry<String, ConfigValue>> leaves(ConfigObject object, List<String> above) {
        return object.entrySet().stream().flatMap(entry -> {
            var path = Stream.concat(above.stream(), Stream.of(entry.getKey())).toList();
            return entry.getValue() instanceof ConfigObject inner && !inner.isEmpty()
                    ? leaves(inner, path)
                    : Stream.of(Map.entry(
                            path.stream()
                                    .map(ConfigUtil::quoteString)
                                    .map(GatewayConfigReader::bare)
                                    .collect(Collectors.joining(".")),
                            entry.getValue()));
        });
    }

    /** A key's part without the quotes that it does not need. */
    private static String bare(String quoted) {
        String inner = quoted.substring(1, quoted.length() - 1);
        return inner.matches("[A-Za-z0-9_-]+") ? inner : quoted;
    }

    /**
     * A question that may outlast its login makes no sense. Nor does a source that may be asked until too little is left
     * to act on its answer. Of the rest a sum over the deadline does: few logins ask everything.
     */
    private void slicesWithin(GatewayConfig result) {
        Map.of(
                        "steps.timeout", result.slices().steps(),
                        "callerid.connect", result.slices().connect(),
                        "callerid.timeout", result.slices().callerid(),
                        "adopt.timeout", result.slices().adopt(),
                        "membership.timeout", result.slices().membership(),
                        "settings.timeout", result.slices().settings())
                .forEach((key, slice) -> {
                    if (slice.compareTo(result.loginDeadline()) > 0) {
                        tooLong(key, slice, result);
                    }
                });
        Slices slices = result.slices();
        Duration all = slices.source().plus(slices.toAct());
        if (faults.isEmpty() && all.compareTo(result.loginDeadline()) > 0) {
            tooLong("callerid.connect + callerid.timeout + adopt.timeout + membership.timeout", all, result);
        }
    }

    private void tooLong(String what, Duration time, GatewayConfig result) {
        faults.add(file + ": " + what + " (" + time.toMillis() + "ms): expected at most login.deadline ("
                + result.loginDeadline().toMillis() + "ms)");
    }

    private void fault(ConfigValue value, String what) {
        int line = value.origin().lineNumber();
        faults.add(file + ": " + (line > 0 ? line + ": " : "") + what);
    }

    private static String shown(ConfigValue value) {
        String text = value.unwrapped() == null ? "null" : value.unwrapped().toString();
        return text.length() > 80 ? text.substring(0, 80) + "…" : text;
    }

    /** What a value should have been. */
    private static final class Unexpected extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unexpected(String expected) {
            super(expected, null, false, false);
        }
    }

    /** One file is the whole configuration. The notation has a way of its own for each kind of thing to include. */
    private static final class NoIncludes
            implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            throw refused(what);
        }

        @Override
        public ConfigObject includeFile(ConfigIncludeContext context, File what) {
            throw refused(what.getPath());
        }

        @Override
        public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
            throw refused(what.toString());
        }

        @Override
        public ConfigObject includeResources(ConfigIncludeContext context, String what) {
            throw refused(what);
        }

        private static com.typesafe.config.ConfigException refused(String what) {
            return new com.typesafe.config.ConfigException.Generic("include \"" + what + "\": expected no include");
        }
    }
}
