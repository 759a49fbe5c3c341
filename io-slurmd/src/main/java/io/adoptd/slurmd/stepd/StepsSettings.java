package io.adoptd.slurmd.stepd;

import java.time.Duration;

/**
 * How a user's extern steps are looked for.
 *
 * @param starting how long a login waits for its user's extern step when there is reason to believe that one is only just
 *     starting: 0 for not at all; never longer than the slice of the login that it draws on
 */
public record StepsSettings(Duration starting) {

    public static final StepsSettings DEFAULT = new StepsSettings(Duration.ofMillis(300));

    public StepsSettings {
        if (starting.isNegative()) {
            throw new IllegalArgumentException("a wait of less than nothing: " + starting);
        }
    }
}
