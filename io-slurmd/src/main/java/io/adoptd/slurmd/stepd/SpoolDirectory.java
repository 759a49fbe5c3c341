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
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
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
    private static final int MAX_ENTRIES = 20_000;

    /** {@code SLURM_EXTERN_CONT}, slurm/slurm.h. */
    private static final String EXTERN = "4294967292";

    private static final String NUMBER = "(0|[1-9][0-9]{0,9})";
    private static final long MAX_UINT32 = 0xffff_ffffL;

    /** {@code <sys/stat.h>} */
    private static final int S_IFMT = 0170000;

    private static final int S_IFSOCK = 0140000;

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
        } catch (NoSuchFileException e) {
            throw unreadable("no such directory");
        } catch (IOException e) {
            throw unreadable(e.toString());
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
        return bornAsSocket(entry).map(born -> new StepSocket(entry, new JobId(job), het, born));
    }

    /** When the socket was made; empty when the entry is none, or gone again. */
    private static Optional<Instant> bornAsSocket(Path entry) throws IOException {
        Map<String, Object> attributes;
        try {
            attributes = Files.readAttributes(entry, "unix:mode,creationTime", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        boolean socket = attributes.get("mode") instanceof Integer mode && (mode & S_IFMT) == S_IFSOCK;
        return socket && attributes.get("creationTime") instanceof FileTime born
                ? Optional.of(born.toInstant())
                : Optional.empty();
    }

    private NodeFaultException unreadable(String why) {
        return new NodeFaultException(Reason.SPOOL_UNREADABLE, "spool directory " + path + ": " + why);
    }
}
