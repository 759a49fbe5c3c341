package io.adoptd.pipeline.model;

import java.util.regex.Pattern;

/** A NodeName as slurm.conf spells it: 1 to 64 letters, digits, dots, dashes and underscores. */
public record NodeName(String value) {

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    public NodeName {
        if (!isNodeName(value)) {
            throw new IllegalArgumentException("not a NodeName");
        }
    }

    public static boolean isNodeName(String value) {
        return FORM.matcher(value).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
