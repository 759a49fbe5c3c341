package io.adoptd.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;

/** Which adoptd this is: the version that Maven built. */
public final class DaemonVersion {

    public static final String VERSION = read();

    private DaemonVersion() {}

    private static String read() {
        try (InputStream in = DaemonVersion.class.getResourceAsStream("version.properties")) {
            var properties = new Properties();
            properties.load(Objects.requireNonNull(in, "version.properties"));
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
