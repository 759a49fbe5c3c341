package io.adoptd.slurmd.conf;

import java.io.IOException;
import java.util.List;

/** What this host is called besides its name: by {@code /etc/hosts}, DNS and what else nsswitch.conf(5) has asked. */
@FunctionalInterface
public interface HostNames {

    /** Those of a host that has no other name, or of whom none is to be asked for. */
    HostNames NONE = hostname -> List.of();

    /**
     * The other names of a host: its canonical name, those of its addresses, its aliases. Blocks for as long as the name
     * services take; called on a thread of its own.
     *
     * @param hostname in full
     * @return none if nobody knows the host
     * @throws IOException if that cannot be told
     */
    List<String> of(String hostname) throws IOException;
}
