package io.adoptd.kernel.pidfd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.Child;
import io.adoptd.kernel.Descriptors;
import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Sockets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PidfdIT {

    @Test
    void aProcessIsAliveUntilItEnds() throws Exception {
        try (Child child = Child.sleeping();
                Pidfd pidfd = Pidfd.open(child.pid())) {
            assertThat(pidfd.isAlive()).isTrue();
            child.end();
            assertThat(pidfd.isAlive()).isFalse();
        }
    }

    @Test
    void whatWaitsToBeReapedHasEnded() throws Exception {
        // exec leaves the shell's child to a program that never reaps
        try (Child parent = Child.start("sh", "-c", "sleep 0.2 & echo $!; exec sleep 600")) {
            int zombie = Integer.parseInt(parent.process().inputReader().readLine());
            try (Pidfd pidfd = Pidfd.open(zombie)) {
                await().until(() -> !pidfd.isAlive());
                assertThat(ProcessHandle.of(zombie)).isPresent();
            }
        }
    }

    @Test
    void thePeerOfASocketIsHeldAsItself() throws Exception {
        int[] pair = Sockets.pair();
        try {
            Optional<Pidfd> peer =
                    Pidfd.ofPeer(pair[0], (int) ProcessHandle.current().pid());
            try (Pidfd pidfd = peer.orElseThrow()) {
                assertThat(pidfd.isAlive()).isTrue();
            }
        } finally {
            Sockets.close(pair);
        }
    }

    @Test
    void aClosedOneAsksNoOtherFile() throws Exception {
        Pidfd pidfd = Pidfd.open((int) ProcessHandle.current().pid());
        pidfd.close();
        assertThat(pidfd.isAlive()).isFalse();
        pidfd.close();
    }

    @Test
    void nothingIsHeldOfNobody() throws Exception {
        try (Child child = Child.sleeping()) {
            child.end();
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> Pidfd.open(child.pid()))
                    .returns(Errno.ESRCH, KernelException::errno);
        }
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        int self = (int) ProcessHandle.current().pid();
        Descriptors.assertNoneLeftBy(() -> Pidfd.open(self).close());
    }
}
