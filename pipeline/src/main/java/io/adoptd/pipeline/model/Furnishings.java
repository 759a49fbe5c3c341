package io.adoptd.pipeline.model;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a job's slurmstepd gave for a session, as far as it was wanted. */
public record Furnishings(Container container, X11 x11) {

    /** Nothing was wanted. */
    public static final Furnishings NONE = new Furnishings(new Namespaces(List.of()), new NoTunnel());

    /** Whether the job has namespaces of its own, and which. */
    public sealed interface Container {
        default <R> R fold(Function<Namespaces, R> namespaces, Function<ContainerUnknown, R> unknown) {
            if (this instanceof Namespaces n) {
                return namespaces.apply(n);
            }
            return unknown.apply((ContainerUnknown) this);
        }
    }

    /** These, in the order in which they have to be joined; none when the job has none of its own. */
    public record Namespaces(List<Namespace> all) implements Container {
        public Namespaces {
            all = List.copyOf(all);
        }
    }

    /**
     * The slurmstepd did not say, so that a session may miss the container that it belongs into.
     *
     * @param why for the log
     */
    public record ContainerUnknown(String why) implements Container {}

    /** Whether the job has an X11 tunnel. */
    public sealed interface X11 {
        default <R> R fold(Function<Tunnel, R> tunnel, Function<NoTunnel, R> none, Function<TunnelUnknown, R> unknown) {
            if (this instanceof Tunnel t) {
                return tunnel.apply(t);
            }
            if (this instanceof NoTunnel n) {
                return none.apply(n);
            }
            return unknown.apply((TunnelUnknown) this);
        }
    }

    /**
     * The job's display on this node.
     *
     * @param display 1 to 65535
     * @param xauthority the path of the file with its key; null when the job has none of its own
     */
    public record Tunnel(int display, @Nullable String xauthority) implements X11 {}

    /** The job has none, or none was wanted. */
    public record NoTunnel() implements X11 {}

    /**
     * The slurmstepd did not say in time: no reason to fail a login.
     *
     * @param why for the log
     */
    public record TunnelUnknown(String why) implements X11 {}
}
