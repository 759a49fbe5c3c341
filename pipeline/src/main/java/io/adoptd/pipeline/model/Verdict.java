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
 * @param job the job it was adopted into; null for none
 * @param environment variables for the session, in order; only with {@link Decision#ADOPTED}
 * @param stages what was asked on the way, in order
 */
public record Verdict(
        Decision decision,
        Reason reason,
        @Nullable String message,
        @Nullable JobId job,
        Map<String, String> environment,
        List<Stage> stages) {

    public Verdict {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        stages = List.copyOf(stages);
    }

    /** Adopted into this step. */
    public static Verdict adopted(ExternStep step, Reason reason) {
        return new Verdict(
                Decision.ADOPTED,
                reason,
                null,
                step.job(),
                Map.of("SLURM_JOB_ID", step.job().toString()),
                List.of());
    }

    /** Settled without adoption. */
    public static Verdict settled(Decision decision, Reason reason, @Nullable String message) {
        return new Verdict(decision, reason, message, null, Map.of(), List.of());
    }

    /** The same, with the way it came by. */
    public Verdict by(List<Stage> way) {
        return new Verdict(decision, reason, message, job, environment, way);
    }
}
