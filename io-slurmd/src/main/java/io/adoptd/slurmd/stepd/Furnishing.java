package io.adoptd.slurmd.stepd;

/** What a step may have besides its processes. It has it from when it is set up until it ends, or never. */
enum Furnishing {
    NAMESPACES,
    X11
}
