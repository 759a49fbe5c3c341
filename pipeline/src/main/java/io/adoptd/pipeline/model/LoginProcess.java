package io.adoptd.pipeline.model;

/**
 * The process that asked, named so that a recycled pid is another one.
 *
 * @param pid as the daemon's pid namespace sees it
 * @param startTicks when it started, in clock ticks since boot: field 22 of {@code /proc/PID/stat}, proc(5)
 */
public record LoginProcess(int pid, long startTicks) {

    public LoginProcess {
        if (pid <= 0) {
            throw new IllegalArgumentException("not a pid: " + pid);
        }
    }
}
