package io.adoptd.gateway.server;

import io.adoptd.gateway.log.LogLine;
import io.adoptd.gateway.wire.LoginRecord;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.model.RecordAnswer.Kept;
import io.adoptd.pipeline.model.RecordAnswer.NotKept;
import io.adoptd.pipeline.port.LoginRecords;
import io.adoptd.pipeline.time.BlockingCalls;
import io.adoptd.pipeline.time.Deadline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Records as files of a directory in memory, each named for its process: {@code PID-STARTTICKS}, which no other process
 * ever is. They are written and removed on two threads of their own. A record goes when its session was asked about;
 * those of processes that ended before are swept when the daemon starts and when there are many.
 */
public final class LoginRecordFiles implements LoginRecords, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LoginRecordFiles.class);

    private static final int MAX_WAITING = 1_024;
    private static final int FIRST_SWEEP = 512;
    private static final int MOST = 4_096;

    private static final String UNFINISHED = ".new";
    private static final Pattern NAME = Pattern.compile("([1-9][0-9]{0,8})-([0-9]{1,18})(\\.new)?");

    private final Path directory;
    private final int ownUid;
    private final Predicate<LoginProcess> isAlive;
    private final int most;
    private final BlockingCalls files = new BlockingCalls("records", MAX_WAITING);
    private final Set<String> names = ConcurrentHashMap.newKeySet();
    private volatile int sweepAt;

    LoginRecordFiles(Path directory, int ownUid, Predicate<LoginProcess> isAlive, int firstSweep, int most) {
        this.directory = directory;
        this.ownUid = ownUid;
        this.isAlive = isAlive;
        this.sweepAt = firstSweep;
        this.most = most;
    }

    /**
     * Sweeps what an earlier daemon left. Blocks; for the start of the daemon.
     *
     * @param directory is made when the first record is written
     * @param isAlive whether a process is still the same; does not wait, and says yes when it cannot be told
     */
    public static LoginRecordFiles open(Path directory, int ownUid, Predicate<LoginProcess> isAlive) {
        var records = new LoginRecordFiles(directory, ownUid, isAlive, FIRST_SWEEP, MOST);
        records.sweep();
        return records;
    }

    @Override
    public Mono<RecordAnswer> keep(Login login, JobId job, Deadline deadline) {
        String text = new LoginRecord(login.uid(), job, login.options(), login.node()).text();
        return files.<RecordAnswer>call(own -> write(nameOf(login.process()), text), deadline)
                .onErrorResume(TimeoutException.class, late -> Mono.just(new NotKept("timed out")))
                .onErrorResume(
                        RejectedExecutionException.class,
                        full -> Mono.just(new NotKept("too many records to be written at once")));
    }

    @Override
    public void forget(LoginProcess process) {
        String name = nameOf(process);
        if (!names.contains(name)) {
            return;
        }
        try {
            files.execute(() -> remove(directory.resolve(name), name));
        } catch (RejectedExecutionException full) {
            log.debug("record {} is left to be swept", name);
        }
    }

    private static String nameOf(LoginProcess process) {
        return process.pid() + "-" + process.startTicks();
    }

    /** Written beside its place and moved there, so that the module reads all of it or nothing. */
    private RecordAnswer write(String name, String text) {
        try {
            OwnDirectory.prepare(directory, ownUid, "rwx------");
            if (!hasRoom()) {
                return new NotKept(names.size() + " logins are written down already");
            }
            Path unfinished = directory.resolve(name + UNFINISHED);
            Files.deleteIfExists(unfinished);
            try (var channel = Files.newByteChannel(
                    unfinished,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            Files.move(unfinished, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            names.add(name);
            return new Kept();
        } catch (IOException e) {
            return new NotKept(e.toString());
        }
    }

    private boolean hasRoom() {
        if (names.size() >= sweepAt) {
            sweep();
            sweepAt = Math.min(most, Math.max(sweepAt, 2 * names.size()));
        }
        return names.size() < most;
    }

    /** Removes what is no record of a process that is alive, of as many files as there may be. */
    private void sweep() {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var found = Files.newDirectoryStream(directory)) {
            int seen = 0;
            for (Path file : found) {
                String name = String.valueOf(file.getFileName());
                Optional<LoginProcess> process = processOf(name).filter(isAlive);
                if (process.isEmpty()) {
                    remove(file, name);
                } else if (!name.endsWith(UNFINISHED)) {
                    names.add(name);
                }
                if (++seen >= 2 * most) {
                    return;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            log.warn(LogLine.of("records.unswept").with("why", e.toString()).toString());
        }
    }

    private static Optional<LoginProcess> processOf(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches()
                ? Optional.of(new LoginProcess(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    private void remove(Path file, String name) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.warn(LogLine.of("record.unremoved").with("why", e.toString()).toString());
        }
        names.remove(name);
    }

    /** Gives the threads back. The records stay, for the next daemon's sessions. */
    @Override
    public void close() {
        files.shutdownNow();
    }
}
