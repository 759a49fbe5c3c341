package io.adoptd.pipeline.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a login got in the end.
 *
 * @param message the line for the user; null for none
 * @param step the extern step that it is in; null for none
 * @param environment variables for the session, in order; only with {@link Decision#ADOPTED}
 * @param namespaces what the process has to join itself, in order; only with {@link Decision#ADOPTED}
 * @param stages what was asked on the way, in order
 */
public record Verdict(
        Decision decision,
        Reason reason,
        @Nullable String message,
        @Nullable ExternStep step,
        Map<String, String> environment,
        List<Namespace> namespaces,
        List<Stage> stages) {

    public Verdict {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        namespaces = List.copyOf(namespaces);
        stages = List.copyOf(stages);
    }

    /** The job it was adopted into; null for none. */
    public @Nullable JobId job() {
        return step == null ? null : step.job();
    }

    /** Adopted into this step. */
    public static Verdict adopted(
            ExternStep step, Reason reason, Map<String, String> environment, List<Namespace> namespaces) {
        return new Verdict(Decision.ADOPTED, reason, null, step, environment, namespaces, List.of());
    }

    /** Settled without adoption. */
    public static Verdict settled(Decision decision, Reason reason, @Nullable String message) {
        return new Verdict(decision, reason, message, null, Map.of(), List.of(), List.of());
    }

    /** The same, with the way it came by. */
    public Verdict by(List<Stage> way) {
        return new Verdict(decision, reason, message, step, environment, namespaces, way);
    }
}
