package io.adoptd.kernel.libc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adoptd.kernel.Child;
import io.adoptd.kernel.Descriptors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The calls against this kernel. */
class LibcIT {

    @TempDir
    Path dir;

    @Test
    void aRefusalHasItsErrno() {
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> Libc.open(dir.resolve("absent").toString()))
                .returns(Errno.ENOENT, KernelException::errno);
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> Libc.close(1_000_000))
                .returns(Errno.EBADF, KernelException::errno);
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> Libc.isReadable(1_000_000))
                .returns(Errno.EBADF, KernelException::errno);
    }

    @Test
    void aFileIsReadToItsEnd() throws Exception {
        String file = Files.writeString(dir.resolve("file"), "four").toString();
        Descriptors.assertNoneLeftBy(() -> {
            int fd = Libc.open(file);
            var three = new byte[3];
            assertThat(Libc.read(fd, three)).isEqualTo(3);
            assertThat(three).asString().isEqualTo("fou");
            assertThat(Libc.read(fd, three)).isEqualTo(1);
            assertThat(Libc.read(fd, three)).isZero();
            assertThat(Sockets.isCloseOnExec(fd)).isTrue();
            Libc.close(fd);
        });
    }

    @Test
    void aReadThatTheKernelRefusesIsNoEnd() throws Exception {
        int fd = Libc.open(dir.toString());
        try {
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> Libc.read(fd, new byte[1]))
                    .returns("EISDIR", KernelException::errnoName);
        } finally {
            Libc.close(fd);
        }
    }

    @Test
    void theEffectiveUidIsTheOneThatOwnsWhatWeMake() throws Exception {
        Path file = Files.createFile(dir.resolve("mine"));
        assertThat(Libc.geteuid()).isEqualTo(((Integer) Files.getAttribute(file, "unix:uid")).longValue());
    }

    @Test
    void theUmaskHoldsForEveryFileAndIsGivenBack() throws Exception {
        int before = Libc.umask(0077);
        try {
            Path file = Files.createFile(dir.resolve("private"));
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        } finally {
            assertThat(Libc.umask(before)).isEqualTo(0077);
        }
    }

    @Test
    void aPairOfSocketsBelongsToThisProcess() throws Exception {
        int[] pair = Sockets.pair();
        try {
            Ucred peer = Libc.peerCredentials(pair[0]);
            assertThat(peer.pid()).isEqualTo(ProcessHandle.current().pid());
            assertThat(peer.uid()).isEqualTo(Libc.geteuid());
        } finally {
            Sockets.close(pair);
        }
    }

    @Test
    void noPidfdOfNobody() throws Exception {
        int ended;
        try (Child child = Child.sleeping()) {
            ended = child.pid();
        }
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> Libc.pidfdOpen(ended))
                .withMessage("pidfd_open " + ended + ": ESRCH");
    }

    @Test
    void aHostHasItsNameAndItsAddress() throws Exception {
        HostEntry localhost = Libc.gethostbyname("localhost", false).orElseThrow();
        assertThat(localhost.name()).isEqualTo("localhost");
        assertThat(localhost.addresses()).contains(new byte[] {127, 0, 0, 1});
    }

    @Test
    void nobodysHostIsNoneOrCannotBeTold() {
        try {
            assertThat(Libc.gethostbyname("no-such-host.invalid", false)).isEmpty();
        } catch (KernelException withoutAnybodyToAsk) {
            assertThat(withoutAnybodyToAsk).hasMessageContaining("no-such-host.invalid TRY_AGAIN");
        }
    }
}
