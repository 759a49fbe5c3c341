package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.Uid;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slurm.conf of this node as it is now. It is read again only when it, or a file that it includes, has changed; a
 * change that makes it unreadable is a fault from then on, and what it said before is not used any more.
 */
public final class SlurmConfSource {

    /** How long a user name that nobody has is left alone: its name service may come up after adoptd. */
    static final Duration UNKNOWN_USER_LASTS = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(SlurmConfSource.class);

    private final SlurmConfPlaces places;
    private final Function<String, Optional<Uid>> users;
    private final LongSupplier nanos;
    private volatile @Nullable Reading last;

    /**
     * @param users the uid of a user name, empty for nobody's; asked when slurm.conf is read, not for each login
     */
    public SlurmConfSource(SlurmConfPlaces places, Function<String, Optional<Uid>> users) {
        this(places, users, System::nanoTime);
    }

    SlurmConfSource(SlurmConfPlaces places, Function<String, Optional<Uid>> users, LongSupplier nanos) {
        this.places = places;
        this.users = users;
        this.nanos = nanos;
    }

    /**
     * The slurm.conf. Blocking: it looks at the files each time, and reads them when they changed.
     *
     * @throws NodeFaultException with {@code NO_SLURM_CONF}, naming file and line
     */
    public synchronized SlurmConf current() throws NodeFaultException {
        Path file = places.find();
        Reading reading = last;
        if (reading == null || reading.isOutdated(file, nanos.getAsLong())) {
            reading = read(file);
            last = reading.isLasting() ? reading : last;
        }
        return reading.conf();
    }

    /**
     * What the last {@link #current()} found in the files that the system gave it. Never blocks; empty before the first,
     * and while they hold no slurm.conf.
     */
    public Optional<SlurmConf> lastRead() {
        return Optional.ofNullable(last).map(Reading::read);
    }

    private Reading read(Path file) {
        var files = new DiskFiles();
        try {
            SlurmConf conf = new SlurmConfReader(files, users).read(file);
            log.debug("read {}: {} nodes", file, conf.nodes().size());
            return new Reading(file, files.stamps(), nanos.getAsLong(), conf, null);
        } catch (SlurmConfException fault) {
            log.debug("cannot read slurm.conf", fault);
            return new Reading(file, files.stamps(), nanos.getAsLong(), null, fault);
        }
    }

    /** One reading and what came of it: a conf or a fault. */
    private record Reading(
            Path file,
            List<FileStamp> stamps,
            long at,
            @Nullable SlurmConf read,
            @Nullable SlurmConfException fault) {

        boolean isOutdated(Path now, long nanos) {
            return !file.equals(now)
                    || stamps.stream().anyMatch(FileStamp::isOutdated)
                    || (read != null && read.hasUnknownUser() && nanos - at >= UNKNOWN_USER_LASTS.toNanos());
        }

        /** A file that the system did not give, for want of descriptors or because the login left, it may give again. */
        boolean isLasting() {
            return fault == null || fault.isLasting();
        }

        SlurmConf conf() throws SlurmConfException {
            if (fault != null) {
                throw fault;
            }
            return Objects.requireNonNull(read);
        }
    }
}
