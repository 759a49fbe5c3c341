package io.adoptd.pipeline.model;

import java.util.Locale;

/** A value of one of pam_slurm_adopt's options, spelled as its page spells it. */
public interface OptionValue {

    /** The option's name. */
    String option();

    /** The constant's name, which {@link #word()} spells. */
    String name();

    /** The value as it stands on the PAM line. */
    default String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
