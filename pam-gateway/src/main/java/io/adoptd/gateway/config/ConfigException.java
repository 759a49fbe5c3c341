package io.adoptd.gateway.config;

import java.util.List;

/** adoptd.conf is not usable; every fault of it is told at once. */
public final class ConfigException extends Exception {

    private static final long serialVersionUID = 1;

    private final String[] faults;

    public ConfigException(List<String> faults) {
        super(String.join("\n", faults));
        this.faults = faults.toArray(String[]::new);
    }

    /** One line a fault: file, line, and what was expected. */
    public List<String> faults() {
        return List.of(faults);
    }
}
