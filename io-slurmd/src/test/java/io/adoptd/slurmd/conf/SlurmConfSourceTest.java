package io.adoptd.slurmd.conf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.Reason;
import io.adoptd.pipeline.model.Uid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.assertj.core.api.AbstractStringAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlurmConfSourceTest {

    @TempDir
    private Path dir = Path.of("");

    private final List<String> asked = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();

    /** When it is to the source: long after every file was written, where a test does not say otherwise. */
    private Supplier<Instant> clock = () -> Instant.now().plus(Duration.ofDays(1));

    @Test
    void isReadOnceWhileNothingChanges() throws Exception {
        SlurmConfSource source = source(write("slurm.conf", "SlurmdPort=7000"));
        assertThat(source.current().slurmdPort()).isEqualTo(7000);
        assertThat(source.current()).isSameAs(source.current());
    }

    @Test
    void aChangedFileIsReadAgainEvenIfItIsAsLong() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        touch(file, 1);
        SlurmConfSource source = source(file);
        source.current();
        write("slurm.conf", "SlurmdPort=7001");
        touch(file, 2);
        assertThat(source.current().slurmdPort()).isEqualTo(7001);
    }

    @Test
    void aReplacedFileIsReadAgain() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        touch(file, 5);
        SlurmConfSource source = source(file);
        source.current();
        Path other = write("slurm.conf.new", "SlurmdPort=7001");
        touch(other, 5);
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        assertThat(source.current().slurmdPort()).isEqualTo(7001);
    }

    @Test
    void aChangedIncludeIsReadAgain() throws Exception {
        write("nodes.conf", "NodeName=c1");
        SlurmConfSource source = source(write("slurm.conf", "Include nodes.conf"));
        assertThat(source.current().nodes()).hasSize(1);
        write("nodes.conf", "NodeName=c[1-2]");
        assertThat(source.current().nodes()).hasSize(2);
    }

    @Test
    void aBrokenChangeIsAFaultAndNotWhatItSaidBefore() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(file);
        source.current();
        write("slurm.conf", "SlurmdPort=many");
        assertThatFault(source).startsWith(file + ":2: not a port: many");
        assertThatFault(source).startsWith(file + ":2: not a port: many");
        write("slurm.conf", "SlurmdPort=7002");
        assertThat(source.current().slurmdPort()).isEqualTo(7002);
    }

    @Test
    void aMissingFileAndAMissingIncludeAreFaultsUntilTheyAreThere() throws Exception {
        Path file = dir.resolve("slurm.conf");
        SlurmConfSource source = source(file);
        assertThatFault(source).isEqualTo(file + ": no such file");
        write("slurm.conf", "Include nodes.conf");
        assertThatFault(source).isEqualTo(dir.resolve("nodes.conf") + ": no such file");
        write("nodes.conf", "NodeName=c1");
        assertThat(source.current().nodes()).hasSize(1);
    }

    @Test
    void whatWasReadLastIsKnownUntilTheFileHoldsSomethingElse() throws Exception {
        SlurmConfSource source = source(write("slurm.conf", "SlurmdPort=7000"));
        assertThat(source.lastRead()).isEmpty();
        SlurmConf read = source.current();
        assertThat(source.lastRead()).contains(read);
        write("slurm.conf", "nonsense");
        assertThat(source.lastRead()).contains(read);
        assertThatFault(source).contains("not key=value");
        assertThat(source.lastRead()).isEmpty();
    }

    @Test
    void aDirectoryOrAnEndlessFileIsAFault() throws Exception {
        assertThatFault(source(dir)).contains("not a regular file");
        assertThatFault(source(Path.of("/dev/zero"))).contains("not a regular file");
    }

    @Test
    void aFileThatIsTooLongIsAFault() throws Exception {
        assertThatFault(source(write("slurm.conf", "#".repeat(DiskFiles.MAX_FILE + 1))))
                .contains("more than 1048576 bytes");
    }

    @Test
    void aUserNameIsAskedForWhenTheFileIsReadAndNotForEachLogin() throws Exception {
        Path file = write("slurm.conf", "SlurmUser=slurm");
        SlurmConfSource source = source(file);
        assertThat(source.current().slurmUser()).isEqualTo(new Uid(64_030));
        source.current();
        nanos.addAndGet(SlurmConfSource.UNKNOWN_USER_LASTS.toNanos());
        source.current();
        assertThat(asked).containsExactly("slurm");
    }

    @Test
    void aUserNameThatNobodyHasIsAskedForAgainAfterAWhile() throws Exception {
        SlurmConfSource source = source(write("slurm.conf", "SlurmUser=late"));
        assertThat(source.current().slurmUser()).isNull();
        nanos.addAndGet(SlurmConfSource.UNKNOWN_USER_LASTS.toNanos() - 1);
        source.current();
        assertThat(asked).containsExactly("late");
        nanos.addAndGet(1);
        source.current();
        assertThat(asked).containsExactly("late", "late");
    }

    // While it is being written

    @Test
    void aFileThatIsBeingWrittenIsReadOnceItHasRested() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(file);
        SlurmConf before = source.current();
        clock = () -> changed(file);
        for (String half : List.of("", "ClusterName=t\nSlurmd", "ClusterName=t\n", "ClusterName=t\nSlurmdPort=7")) {
            Files.writeString(file, half);
            assertThat(source.current()).as(half).isSameAs(before);
        }
        write("slurm.conf", "SlurmdPort=7001");
        assertThat(source.current()).isSameAs(before);
        clock = () -> changed(file).plus(SlurmConfSource.REST).minusMillis(1);
        assertThat(source.current()).isSameAs(before);
        clock = () -> changed(file).plus(SlurmConfSource.REST);
        assertThat(source.current().slurmdPort()).isEqualTo(7001);
    }

    @Test
    void aFileThatIsBrokenOnceItHasRestedIsAFaultAndThereIsNoWayBack() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(file);
        source.current();
        write("slurm.conf", "SlurmdPort=many");
        assertThatFault(source).contains("not a port");
        write("slurm.conf", "SlurmdPort=more");
        clock = () -> changed(file);
        assertThatFault(source).contains("not a port: more");
    }

    @Test
    void aFileThatIsReplacedByTwoRenamesIsNotMissedMeanwhile() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(new SlurmConfPlaces(null, null, List.of(file)));
        SlurmConf before = source.current();
        Files.move(file, dir.resolve("slurm.conf~"));
        clock = () -> changed(dir);
        assertThat(source.current()).isSameAs(before);
        clock = () -> changed(dir).plus(SlurmConfSource.REST);
        assertThatFault(source).contains("no slurm.conf");
        write("another", "");
        clock = () -> changed(dir);
        assertThatFault(source).contains("no slurm.conf");
        Files.move(dir.resolve("slurm.conf~"), file);
        assertThat(source.current().slurmdPort()).isEqualTo(7000);
    }

    @Test
    void aFileThatAppearsWhereItGoesFirstIsReadOnceItHasRested() throws Exception {
        SlurmConfSource source = source(new SlurmConfPlaces(null, null, List.of(dir.resolve("a"), dir.resolve("b"))));
        write("b", "SlurmdPort=2");
        source.current();
        Path first = write("a", "SlurmdPort=1");
        clock = () -> changed(first);
        assertThat(source.current().slurmdPort()).isEqualTo(2);
        clock = () -> changed(first).plus(SlurmConfSource.REST);
        assertThat(source.current().slurmdPort()).isEqualTo(1);
    }

    @Test
    void aFileThatNeverRestsIsReadAllTheSame() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(file);
        source.current();
        clock = () -> changed(file);
        write("slurm.conf", "SlurmdPort=7001");
        assertThat(source.current().slurmdPort()).isEqualTo(7000);
        nanos.addAndGet(SlurmConfSource.LONGEST_UNREST.toNanos() - 1);
        write("slurm.conf", "SlurmdPort=7002");
        assertThat(source.current().slurmdPort()).isEqualTo(7000);
        nanos.addAndGet(1);
        assertThat(source.current().slurmdPort()).isEqualTo(7002);
    }

    @Test
    void aFirstReadingWaitsForNothing() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        clock = () -> changed(file);
        assertThat(source(file).current().slurmdPort()).isEqualTo(7000);
    }

    @Test
    void aFileServersClockMayBeSomewhatAhead() throws Exception {
        Path file = write("slurm.conf", "SlurmdPort=7000");
        SlurmConfSource source = source(file);
        SlurmConf before = source.current();
        write("slurm.conf", "SlurmdPort=7001");
        clock = () -> changed(file).minusMillis(500);
        assertThat(source.current()).isSameAs(before);
        clock = () -> changed(file).minus(SlurmConfSource.REST);
        assertThat(source.current().slurmdPort()).isEqualTo(7001);
    }

    /** When a file was changed last, as its file system has it. */
    private static Instant changed(Path file) {
        try {
            return ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // Where it is

    @Test
    void theConfiguredPathGoesFirstThenTheEnvironmentThenTheCandidates() throws Exception {
        Path configured = write("configured", "SlurmdPort=1");
        Path environment = write("environment", "SlurmdPort=2");
        Path second = write("second", "SlurmdPort=4");
        List<Path> candidates = List.of(dir.resolve("missing"), second);
        assertThat(port(configured, environment.toString(), candidates)).isEqualTo(1);
        assertThat(port(null, environment.toString(), candidates)).isEqualTo(2);
        assertThat(port(null, null, candidates)).isEqualTo(4);
        assertThat(port(null, "", candidates)).isEqualTo(4);
        assertThat(port(null, null, List.of(configured, second))).isEqualTo(1);
    }

    @Test
    void whatIsNamedButMissingIsNotLookedForElsewhere() throws Exception {
        Path there = write("there", "");
        Path missing = dir.resolve("missing");
        assertThatFault(source(new SlurmConfPlaces(missing, there.toString(), List.of(there))))
                .isEqualTo(missing + ": no such file");
        assertThatFault(source(new SlurmConfPlaces(null, missing.toString(), List.of(there))))
                .isEqualTo(missing + ": no such file");
    }

    @Test
    void noneAtAllSaysWhereItLooked() {
        Path missing = dir.resolve("missing");
        assertThatFault(source(new SlurmConfPlaces(null, null, List.of(missing))))
                .isEqualTo("no slurm.conf: there is none of [" + missing + "]");
    }

    @Test
    void aCandidateThatAppearsIsFound() throws Exception {
        SlurmConfSource source = source(new SlurmConfPlaces(null, null, List.of(dir.resolve("a"), dir.resolve("b"))));
        write("b", "SlurmdPort=2");
        assertThat(source.current().slurmdPort()).isEqualTo(2);
        write("a", "SlurmdPort=1");
        assertThat(source.current().slurmdPort()).isEqualTo(1);
    }

    private int port(@Nullable Path configured, @Nullable String environment, List<Path> candidates) throws Exception {
        return source(new SlurmConfPlaces(configured, environment, candidates))
                .current()
                .slurmdPort();
    }

    private static AbstractStringAssert<?> assertThatFault(SlurmConfSource source) {
        try {
            source.current();
        } catch (NodeFaultException e) {
            assertThat(e.reason()).isEqualTo(Reason.NO_SLURM_CONF);
            return assertThat(e.why());
        }
        throw new AssertionError("no fault");
    }

    private SlurmConfSource source(Path file) {
        return source(new SlurmConfPlaces(file, null, List.of()));
    }

    private SlurmConfSource source(SlurmConfPlaces places) {
        return new SlurmConfSource(places, this::uid, nanos::get, () -> clock.get());
    }

    private Optional<Uid> uid(String name) {
        asked.add(name);
        return name.equals("slurm") ? Optional.of(new Uid(64_030)) : Optional.empty();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), "ClusterName=t\n" + text);
    }

    private static void touch(Path file, long seconds) throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(seconds * 1000));
    }
}
