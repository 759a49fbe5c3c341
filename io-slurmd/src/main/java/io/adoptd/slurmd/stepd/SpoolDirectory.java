package io.adoptd.slurmd.stepd;

import io.adoptd.pipeline.model.ExternStep;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.Reason;
import io.adoptd.slurmd.conf.NodeFaultException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The expanded SlurmdSpoolDir of a node, where every slurmstepd has its socket: {@code NODE_JOB.STEP[.HET]}. Blocking.
 * Nothing is ever removed here: a stale socket is slurmd's to clean up. Source: Slurm src/common/stepd_api.c.
 */
record SpoolDirectory(Path path, NodeName node) {

    /** More is not a spool directory that a login should wait for. */
    static final int MAX_ENTRIES = 20_000;

    /** {@code SLURM_EXTERN_CONT}, slurm/slurm.h. */
    private static final String EXTERN = "4294967292";

    private static final String NUMBER = "(0|[1-9][0-9]{0,9})";
    private static final long MAX_UINT32 = 0xffff_ffffL;

    /**
     * A directory as it was at some time. Whatever is made or removed in it gives it another state, unless that happens
     * in the same tick of the kernel's clock.
     *
     * @param state device and inode, and when its content and its inode changed last
     */
    record Stamp(Map<String, Object> state) {

        private static final String STATE = "unix:fileKey,lastModifiedTime,ctime,isDirectory";

        /** Longer than any kernel's tick, which is 10 ms at most. */
        private static final Duration TICK = Duration.ofMillis(50);

        /** For a file system that counts whole seconds, or as FAT does every other one. */
        private static final Duration COARSE_TICK = Duration.ofMillis(2_050);

        /** Whether whatever happens in the directory from {@code now} on gives it another stamp. */
        boolean isDistinct(Instant now) {
            return state.get("lastModifiedTime") instanceof FileTime modified
                    && modified.toInstant().plus(tick(modified.toInstant())).isBefore(now);
        }

        private static Duration tick(Instant modified) {
            return modified.equals(modified.truncatedTo(ChronoUnit.SECONDS)) ? COARSE_TICK : TICK;
        }
    }

    /** Its stamp now. */
    Stamp stamp() throws NodeFaultException {
        try {
            Map<String, Object> state = Files.readAttributes(path, Stamp.STATE);
            if (!Boolean.TRUE.equals(state.get("isDirectory"))) {
                throw new NotDirectoryException(path.toString());
            }
            return new Stamp(state);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** The sockets of all extern steps of the node, in no order. */
    List<StepSocket> externSockets() throws NodeFaultException {
        return externSockets(MAX_ENTRIES);
    }

    List<StepSocket> externSockets(int mostEntries) throws NodeFaultException {
        Pattern form = form();
        var sockets = new ArrayList<StepSocket>();
        int entries = 0;
        try (DirectoryStream<Path> directory = Files.newDirectoryStream(path)) {
            for (Path entry : directory) {
                if (++entries > mostEntries) {
                    throw unreadable("more than " + mostEntries + " entries");
                }
                socket(form, entry).ifPresent(sockets::add);
            }
        } catch (DirectoryIteratorException e) {
            throw unreadable(String.valueOf(e.getCause()));
        } catch (IOException e) {
            throw unreadable(e);
        }
        return sockets;
    }

    /** Where the socket of a step of this node is, if it still is. */
    Path socketOf(ExternStep step) {
        String name = node + "_" + step.job() + "." + EXTERN;
        return path.resolve(step.hetComponent() == null ? name : name + "." + step.hetComponent());
    }

    private Pattern form() {
        return Pattern.compile(Pattern.quote(node.value()) + "_" + NUMBER + "\\." + EXTERN + "(?:\\." + NUMBER + ")?");
    }

    private static Optional<StepSocket> socket(Pattern form, Path entry) throws IOException {
        Matcher name = form.matcher(entry.getFileName().toString());
        if (!name.matches()) {
            return Optional.empty();
        }
        long job = Long.parseLong(name.group(1));
        Long het = name.group(2) == null ? null : Long.valueOf(name.group(2));
        if (!JobId.isJobId(job) || (het != null && het > MAX_UINT32)) {
            return Optional.empty();
        }
        return attributes(entry)
                .filter(PosixFileAttributes::isOther)
                .map(file -> new StepSocket(
                        entry, new JobId(job), het, file.creationTime().toInstant(), file.fileKey()));
    }

    /** Empty when it is gone again. What is special but no socket refuses connections, as a stale one does. */
    private static Optional<PosixFileAttributes> attributes(Path entry) throws IOException {
        try {
            return Optional.of(Files.readAttributes(entry, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private NodeFaultException unreadable(IOException e) {
        return unreadable(e instanceof NoSuchFileException ? "no such directory" : e.toString());
    }

    private NodeFaultException unreadable(String why) {
        return new NodeFaultException(Reason.SPOOL_UNREADABLE, "spool directory " + path + ": " + why);
    }
}
