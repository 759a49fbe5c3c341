package io.adoptd.slurmd.conf;

import java.io.IOException;

/** This host's name as the kernel has it: {@code /proc/sys/kernel/hostname}, proc(5). May block. */
@FunctionalInterface
public interface HostnameSource {

    String hostname() throws IOException;
}
