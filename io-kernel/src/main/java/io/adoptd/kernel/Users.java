package io.adoptd.kernel;

import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.pipeline.model.Uid;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The users of this host. */
public final class Users {

    private static final Logger LOG = LoggerFactory.getLogger(Users.class);

    private Users() {}

    /**
     * The uid of a user name. Blocks for as long as the host's name services take.
     *
     * @return empty when nobody has that name, or nobody can tell: which of the two, the log says
     */
    public static Optional<Uid> uidOf(String name) {
        try {
            return Libc.getpwnam(name).stream().mapToObj(Uid::new).findFirst();
        } catch (KernelException e) {
            LOG.warn("users.unreadable name=\"{}\" why=\"{}\"", name, e.getMessage());
            return Optional.empty();
        }
    }
}
