package io.adoptd.slurmd.stepd;

import org.jspecify.annotations.Nullable;

/** A SLUID in the form in which it names a job's cgroup. Source: Slurm src/common/sluid.c. */
record Sluid(String text) {

    private static final String DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int LAST_SHIFT = 60;
    private static final int BITS = 5;
    private static final int MASK = 31;

    /**
     * {@code s} and 13 digits of Crockford's base 32: the first has the upper 4 bits, each other the next 5.
     *
     * @return null for 0, which is a job without one
     */
    static @Nullable Sluid ofNumber(long number) {
        if (number == 0) {
            return null;
        }
        var text = new StringBuilder("s");
        for (int shift = LAST_SHIFT; shift >= 0; shift -= BITS) {
            text.append(DIGITS.charAt((int) (number >>> shift) & MASK));
        }
        return new Sluid(text.toString());
    }
}
