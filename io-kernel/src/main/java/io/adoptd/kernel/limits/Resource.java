package io.adoptd.kernel.limits;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What can be limited: {@code RLIMIT_*} of {@code <sys/resource.h>}, in the order of their numbers. */
public enum Resource {
    CPU,
    FSIZE,
    DATA,
    STACK,
    CORE,
    RSS,
    NPROC,
    NOFILE,
    MEMLOCK,
    AS,
    LOCKS,
    SIGPENDING,
    MSGQUEUE,
    NICE,
    RTPRIO,
    RTTIME;

    /** C's number of it, the same on x86-64 and aarch64. */
    @SuppressWarnings("EnumOrdinal") // the numbers of asm-generic/resource.h have no gap; a test holds them against C
    int number() {
        return ordinal();
    }

    /** As Slurm and limits.conf(5) spell it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of that {@link #word()}; empty when there is none. */
    public static Optional<Resource> ofWord(String word) {
        return Arrays.stream(values())
                .filter(resource -> resource.word().equals(word))
                .findFirst();
    }
}
