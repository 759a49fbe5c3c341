package io.adoptd.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.Login;
import io.adoptd.pipeline.model.LoginProcess;
import io.adoptd.pipeline.model.Phase;
import io.adoptd.pipeline.model.RecordAnswer;
import io.adoptd.pipeline.model.RecordAnswer.Kept;
import io.adoptd.pipeline.model.RecordAnswer.NotKept;
import io.adoptd.pipeline.time.Deadline;
import io.adoptd.pipeline.time.LoginClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.scheduler.Schedulers;

/** Records on a real file system. */
class LoginRecordFilesIT {

    private static final String TEXT = "adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=-\n";

    @TempDir
    private Path place;

    private final Set<LoginProcess> ended = ConcurrentHashMap.newKeySet();
    private final List<LoginRecordFiles> opened = new ArrayList<>();
    private Path directory;
    private int uid;

    @BeforeEach
    void prepare() throws IOException {
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
        directory = place.resolve("logins");
        uid = (Integer) Files.getAttribute(place, "unix:uid");
    }

    @AfterEach
    void close() {
        opened.forEach(LoginRecordFiles::close);
    }

    @Test
    void aRecordIsWrittenForTheOwnerAlone() throws Exception {
        assertThat(keep(open(), process(1))).isEqualTo(new Kept());
        assertThat(names()).containsExactly("1-100");
        assertThat(Files.readString(directory.resolve("1-100"))).isEqualTo(TEXT);
        assertThat(modeOf(directory)).isEqualTo("rwx------");
        assertThat(modeOf(directory.resolve("1-100"))).isEqualTo("rw-------");
    }

    @Test
    void aLaterLoginOfTheSameProcessTakesItsPlace() throws Exception {
        var records = open();
        keep(records, process(1));
        assertThat(answer(records, process(1), 8)).isEqualTo(new Kept());
        assertThat(Files.readString(directory.resolve("1-100"))).contains("job=8");
    }

    @Test
    void aRecordGoesWhenItsSessionWasAskedAboutAndOthersStay() throws Exception {
        var records = open();
        keep(records, process(1));
        keep(records, process(2));
        records.forget(process(1));
        records.forget(process(3));
        await().atMost(Duration.ofSeconds(30)).until(() -> names().equals(List.of("2-100")));
    }

    @Test
    void theNextDaemonKeepsTheRecordsOfTheLivingAndForgetsThemToo() throws Exception {
        var first = open();
        keep(first, process(1));
        keep(first, process(2));
        first.close();
        Files.writeString(directory.resolve("3-100.new"), "half of");
        Files.writeString(directory.resolve("what is this"), "");
        Files.writeString(directory.resolve("99999999999999-1"), "");
        ended.add(process(2));
        ended.add(process(3));

        var next = open();

        assertThat(names()).containsExactly("1-100");
        next.forget(process(1));
        await().atMost(Duration.ofSeconds(30)).until(() -> names().isEmpty());
    }

    @Test
    void whatIsLeftOfLoginsThatFailedIsSweptWhenThereIsMuch() throws Exception {
        var records = new LoginRecordFiles(directory, uid, process -> !ended.contains(process), 2, 4);
        opened.add(records);
        keep(records, process(1));
        keep(records, process(2));
        ended.add(process(1));
        assertThat(keep(records, process(3))).isEqualTo(new Kept());
        assertThat(names()).containsExactly("2-100", "3-100");
        keep(records, process(4));
        keep(records, process(5));
        assertThat(keep(records, process(6))).isInstanceOf(NotKept.class); // four are alive
        ended.add(process(2));
        assertThat(keep(records, process(6))).isEqualTo(new Kept());
        assertThat(names()).containsExactly("3-100", "4-100", "5-100", "6-100");
    }

    @Test
    void aDirectoryThatOthersMayWriteIsNoPlaceForRecords() throws Exception {
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(keep(open(), process(1)))
                .isInstanceOfSatisfying(
                        NotKept.class, not -> assertThat(not.why()).contains("nobody else may write"));
        assertThat(names()).isEmpty();
    }

    @Test
    void aLinkInThePlaceOfTheDirectoryOrOfTheFileIsNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(place.resolve("elsewhere"));
        Files.createSymbolicLink(directory, elsewhere);
        assertThat(keep(open(), process(1))).isInstanceOf(NotKept.class);
        assertThat(elsewhere).isEmptyDirectory();
        Files.delete(directory);

        var records = open();
        keep(records, process(2));
        Path target = Files.writeString(place.resolve("target"), "untouched");
        Files.createSymbolicLink(directory.resolve("1-100.new"), target);
        Files.createSymbolicLink(directory.resolve("1-100"), target);
        assertThat(keep(records, process(1))).isEqualTo(new Kept());
        assertThat(target).hasContent("untouched");
        assertThat(Files.isSymbolicLink(directory.resolve("1-100"))).isFalse();
    }

    @Test
    void aPlaceThatCannotBeWrittenIsAnAnswer() throws Exception {
        directory = place.resolve("missing").resolve("logins");
        assertThat(keep(open(), process(1))).isInstanceOf(NotKept.class);
    }

    private LoginRecordFiles open() {
        var records = LoginRecordFiles.open(directory, uid, process -> !ended.contains(process));
        opened.add(records);
        return records;
    }

    private static LoginProcess process(int pid) {
        return new LoginProcess(pid, 100);
    }

    private static RecordAnswer keep(LoginRecordFiles records, LoginProcess process) {
        return answer(records, process, 7);
    }

    private static RecordAnswer answer(LoginRecordFiles records, LoginProcess process, long job) {
        var login = new Login(
                "l1",
                Phase.ACCOUNT_BY_HELPER,
                process,
                "alice",
                Samples.ALICE,
                "sshd",
                null,
                null,
                Samples.USUAL,
                null);
        Deadline deadline = Deadline.in(Duration.ofSeconds(30), LoginClock.monotonic(Schedulers.parallel()));
        return Samples.answerOf(records.keep(login, new JobId(job), deadline));
    }

    private List<String> names() throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    private static String modeOf(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
