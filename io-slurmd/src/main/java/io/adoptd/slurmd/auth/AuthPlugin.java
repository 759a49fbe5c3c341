package io.adoptd.slurmd.auth;

import java.util.Arrays;
import java.util.Optional;

/** Slurm's auth plugins that a slurmd may use, by their numbers on the wire. Source: Slurm src/interfaces/auth.c. */
public enum AuthPlugin {
    MUNGE(101, "auth/munge"),
    SLURM(103, "auth/slurm");

    private final int id;
    private final String authType;

    AuthPlugin(int id, String authType) {
        this.id = id;
        this.authType = authType;
    }

    public static Optional<AuthPlugin> ofId(long id) {
        return Arrays.stream(values()).filter(plugin -> plugin.id == id).findFirst();
    }

    public int id() {
        return id;
    }

    /** Its name in slurm.conf. */
    public String authType() {
        return authType;
    }
}
