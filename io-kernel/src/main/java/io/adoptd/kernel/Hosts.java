package io.adoptd.kernel;

import io.adoptd.kernel.libc.HostEntry;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** The names of hosts, as nsswitch.conf(5) has them looked up. */
public final class Hosts {

    /** More addresses are not asked for their names. */
    private static final int MOST_ADDRESSES = 8;

    private Hosts() {}

    /**
     * What a host is called: its canonical names, those of its addresses, its aliases, IPv4 before IPv6. Blocks for as
     * long as the host's name services take.
     *
     * @return none when nobody knows the host
     * @throws KernelException when that cannot be told
     */
    public static List<String> namesOf(String hostname) throws KernelException {
        var entries = new ArrayList<HostEntry>();
        Libc.gethostbyname(hostname, false).ifPresent(entries::add);
        Libc.gethostbyname(hostname, true).ifPresent(entries::add);
        var names = new LinkedHashSet<String>();
        entries.forEach(entry -> names.add(entry.name()));
        entries.stream()
                .flatMap(entry -> entry.addresses().stream())
                .limit(MOST_ADDRESSES)
                .flatMap(address -> nameOf(address).stream())
                .forEach(names::add);
        entries.forEach(entry -> names.addAll(entry.aliases()));
        return List.copyOf(names);
    }

    private static Optional<String> nameOf(byte[] address) {
        InetAddress known;
        try {
            known = InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + address.length + " bytes", e);
        }
        String name = known.getCanonicalHostName(); // or the address as text
        return name.equals(known.getHostAddress()) ? Optional.empty() : Optional.of(name);
    }
}
