package io.adoptd.kernel.limits;

import java.util.Locale;

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
}
