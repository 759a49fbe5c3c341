package io.adoptd.pipeline;

import io.adoptd.pipeline.model.Furnishings.Tunnel;
import io.adoptd.pipeline.model.Furnishings.X11;
import io.adoptd.pipeline.model.Inherited;
import io.adoptd.pipeline.model.JobId;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The variables that an adopted session gets: pam_slurm_adopt's, then what the administrator's list adds. */
final class SessionEnvironment {

    /** What the frame carries at most for one variable, name and value, in bytes. */
    private static final int MOST_BYTES = 1_024;

    /** What it has room for in all, besides its other fields; and how many. */
    private static final int MOST_BYTES_IN_ALL = 6 * 1_024;

    private static final int MOST = 64;

    private SessionEnvironment() {}

    static Map<String, String> of(JobId job, X11 x11, Inherited inherited) {
        var environment = new LinkedHashMap<String, String>();
        environment.put("SLURM_JOB_ID", job.toString());
        x11.fold(tunnel -> display(tunnel, environment), none -> environment, unknown -> environment);
        inherited.variables().forEach((name, value) -> addIfItFits(environment, name, value));
        return environment;
    }

    /** What a slurmstepd or a job says is bounded here again: a frame that is too large would be no answer at all. */
    private static void addIfItFits(Map<String, String> environment, String name, String value) {
        int inAll = environment.entrySet().stream()
                .mapToInt(variable -> bytes(variable.getKey(), variable.getValue()))
                .sum();
        int more = bytes(name, value);
        if (more <= MOST_BYTES && inAll + more <= MOST_BYTES_IN_ALL && environment.size() < MOST) {
            environment.putIfAbsent(name, value);
        }
    }

    private static int bytes(String name, String value) {
        return (name + "=" + value).getBytes(StandardCharsets.UTF_8).length;
    }

    private static Map<String, String> display(Tunnel tunnel, Map<String, String> environment) {
        environment.put("DISPLAY", "localhost:" + tunnel.display() + ".0");
        String xauthority = tunnel.xauthority();
        if (xauthority != null) {
            addIfItFits(environment, "XAUTHORITY", xauthority);
        }
        return environment;
    }
}
