package io.adoptd.pipeline.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a session has got of its job's settings.
 *
 * @param variables for the session's environment, in order, checked and bounded
 * @param outcome one word for the log; empty when nothing was asked
 * @param why for the log: what could not be had
 */
public record Inherited(Map<String, String> variables, String outcome, String why) {

    /** Nothing was asked. */
    public static final Inherited NOTHING = new Inherited(Map.of(), "", "");

    public Inherited {
        variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    }
}
