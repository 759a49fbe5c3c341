package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.Reason;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where slurm.conf may be.
 *
 * @param configured what adoptd's own configuration says; null when it says nothing
 * @param environment adoptd's {@code SLURM_CONF}; null when it is not set, and empty counts as not set
 * @param candidates the first of these that exists is taken when neither is given
 */
public record SlurmConfPlaces(
        @Nullable Path configured, @Nullable String environment, List<Path> candidates) {

    /** Where distributions have it, and where a slurmd or sackd that got it from slurmctld leaves it. */
    public static final List<Path> CANDIDATES =
            List.of(Path.of("/etc/slurm/slurm.conf"), Path.of("/run/slurm/conf/slurm.conf"));

    public SlurmConfPlaces {
        candidates = List.copyOf(candidates);
    }

    /** The slurm.conf to read; one that is named is not looked for elsewhere when it is missing. */
    Path find() throws NodeFaultException {
        if (configured != null) {
            return configured;
        }
        if (environment != null && !environment.isEmpty()) {
            return fromEnvironment(environment);
        }
        for (Path candidate : candidates) {
            if (Files.exists(candidate)) {
                return candidate;
            }
        }
        throw new NodeFaultException(Reason.NO_SLURM_CONF, "no slurm.conf: there is none of " + candidates);
    }

    private static Path fromEnvironment(String path) throws NodeFaultException {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new NodeFaultException(Reason.NO_SLURM_CONF, "SLURM_CONF is not a path");
        }
    }
}
