package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.Uid;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slurm.conf of this node as it is now. It is read again only when it, or a file that it includes, has changed; a
 * change that makes it unreadable is a fault from then on, and what it said before is not used any more.
 *
 * <p>A file that somebody is writing just now holds the half of what it will hold, and nothing in it tells. So a change
 * counts once the files have rested for {@link #REST}; until then what was read before does, but no longer than
 * {@link #LONGEST_UNREST}.
 */
public final class SlurmConfSource {

    /** How long a user name that nobody has is left alone: its name service may come up after adoptd. */
    static final Duration UNKNOWN_USER_LASTS = Duration.ofMinutes(1);

    /** Longer than it takes to save a file or to copy another over it. */
    static final Duration REST = Duration.ofSeconds(1);

    static final Duration LONGEST_UNREST = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(SlurmConfSource.class);

    private final SlurmConfPlaces places;
    private final Function<String, Optional<Uid>> users;
    private final LongSupplier nanos;
    private final Supplier<Instant> clock;
    private volatile @Nullable Reading last;

    /** What holds while the files change; null once they were found to hold nothing. */
    private @Nullable SlurmConf held;

    private @Nullable Long unrestSince;

    /**
     * @param users the uid of a user name, empty for nobody's; asked when slurm.conf is read, not for each login
     */
    public SlurmConfSource(SlurmConfPlaces places, Function<String, Optional<Uid>> users) {
        this(places, users, System::nanoTime, Instant::now);
    }

    /**
     * @param nanos for what lasts
     * @param clock to hold against the times of files
     */
    SlurmConfSource(
            SlurmConfPlaces places,
            Function<String, Optional<Uid>> users,
            LongSupplier nanos,
            Supplier<Instant> clock) {
        this.places = places;
        this.users = users;
        this.nanos = nanos;
        this.clock = clock;
    }

    /**
     * The slurm.conf. Blocking: it looks at the files each time, and reads them when they changed.
     *
     * @throws NodeFaultException with {@code NO_SLURM_CONF}, naming file and line
     */
    public synchronized SlurmConf current() throws NodeFaultException {
        Reading reading = last;
        List<FileStamp> changed = reading == null ? List.of() : changedSince(reading);
        if (held != null && !changed.isEmpty() && isUnrestful(changed)) {
            return held;
        }
        unrestSince = null;
        if (reading == null || !changed.isEmpty() || reading.isToBeAskedAgain(nanos.getAsLong())) {
            held = null; // whatever comes now, there is no way back
            reading = read(places.find());
            held = reading.read();
            last = reading.isLasting() ? reading : last;
        }
        return reading.conf();
    }

    /** What of its files has changed, as it is now; also a file that goes before them now. */
    private List<FileStamp> changedSince(Reading reading) {
        var changed = new ArrayList<FileStamp>();
        for (FileStamp stamp : reading.stamps()) {
            FileStamp now = FileStamp.of(stamp.file());
            if (!now.equals(stamp)) {
                changed.add(now);
            }
        }
        Path first = first();
        if (first != null && !first.equals(reading.file())) {
            changed.add(FileStamp.of(first));
        }
        return changed;
    }

    private @Nullable Path first() {
        try {
            return places.find();
        } catch (NodeFaultException none) {
            return null; // then the file that was read is gone
        }
    }

    private boolean isUnrestful(List<FileStamp> changed) {
        Instant now = clock.get();
        if (changed.stream().noneMatch(stamp -> stamp.isFresh(now, REST))) {
            return false;
        }
        if (unrestSince == null) {
            unrestSince = nanos.getAsLong();
            log.info(
                    "slurm_conf.changing file=\"{}\": it is read once it has rested",
                    changed.get(0).file());
        }
        return nanos.getAsLong() - unrestSince < LONGEST_UNREST.toNanos();
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

        boolean isToBeAskedAgain(long nanos) {
            return read != null && read.hasUnknownUser() && nanos - at >= UNKNOWN_USER_LASTS.toNanos();
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
