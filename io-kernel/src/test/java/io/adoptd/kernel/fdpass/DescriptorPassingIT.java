package io.adoptd.kernel.fdpass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adoptd.kernel.Descriptors;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import io.adoptd.kernel.libc.Message;
import io.adoptd.kernel.libc.Sockets;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DescriptorPassingIT {

    private static final byte[] ONE_BYTE = {0};

    private int[] socket = {};
    private int[] pipe = {};

    @BeforeEach
    void open() {
        socket = Sockets.pair();
        pipe = Sockets.pipe();
    }

    @AfterEach
    void close() throws Exception {
        Sockets.close(socket);
        Sockets.close(pipe);
    }

    @Test
    void aDescriptorArrivesAsTheSameFile() throws Exception {
        assertThat(DescriptorPassing.send(socket[0], ONE_BYTE, pipe[0])).isEqualTo(1);
        int received = descriptor(DescriptorPassing.receive(socket[1]));
        try {
            assertThat(received).isNotEqualTo(pipe[0]);
            assertThat(Sockets.isCloseOnExec(received)).isTrue();
            Sockets.write(pipe[1], "through the pipe");
            assertThat(Sockets.read(received)).isEqualTo("through the pipe");
        } finally {
            DescriptorPassing.close(received);
        }
    }

    @Test
    void slurmstepdsDialogueKeepsItsDescriptors() throws Exception {
        // RESPONSE of GET_NS_FDS: count; then type, and a byte with the descriptor, twice; all sent before we read
        Sockets.write(socket[0], "nnnn");
        Sockets.write(socket[0], "ttt1");
        DescriptorPassing.send(socket[0], ONE_BYTE, pipe[0]);
        Sockets.write(socket[0], "ttt2");
        DescriptorPassing.send(socket[0], ONE_BYTE, pipe[1]);

        assertThat(four()).isEqualTo("nnnn");
        assertThat(four()).isEqualTo("ttt1");
        int first = descriptor(DescriptorPassing.receive(socket[1]));
        assertThat(four()).isEqualTo("ttt2");
        int second = descriptor(DescriptorPassing.receive(socket[1]));
        Sockets.write(second, "!");
        assertThat(Sockets.read(first)).isEqualTo("!");
        Sockets.close(first, second);
    }

    private String four() throws KernelException {
        var bytes = new byte[4];
        assertThat(Libc.read(socket[1], bytes)).isEqualTo(4);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void manyGoInOneMessage() throws Exception {
        var eight = new int[DescriptorPassing.MAX_DESCRIPTORS];
        Arrays.fill(eight, pipe[0]);
        assertThat(DescriptorPassing.send(socket[0], new byte[] {'a', 'b', 'c'}, eight))
                .isEqualTo(3);
        var message = Libc.recvmsg(socket[1], 16, 8);
        assertThat(message.bytes()).isEqualTo(3);
        assertThat(message.descriptors()).hasSize(8).doesNotHaveDuplicates();
        assertThat(message.truncated()).isFalse();
        for (int fd : message.descriptors()) {
            DescriptorPassing.close(fd);
        }
    }

    @Test
    void nothingYetIsNotTheEnd() throws Exception {
        assertThat(DescriptorPassing.receive(socket[1])).isEqualTo(new Received.NotYet());
    }

    @Test
    void aPeerThatClosedIsTheEnd() throws Exception {
        int[] other = Sockets.pair();
        Sockets.close(other[0]);
        try {
            assertThat(DescriptorPassing.receive(other[1])).isEqualTo(new Received.Ended());
        } finally {
            Sockets.close(other[1]);
        }
    }

    @Test
    void aByteWithoutDescriptorIsRefused() throws Exception {
        Sockets.write(socket[0], "x");
        assertThat(DescriptorPassing.receive(socket[1]))
                .isEqualTo(new Received.Refused("0 descriptors where one was expected"));
    }

    @Test
    void surplusDescriptorsAreClosedAndTold() throws Exception {
        Descriptors.assertNoneLeftBy(() -> {
            DescriptorPassing.send(socket[0], ONE_BYTE, pipe[0], pipe[1]);
            assertThat(DescriptorPassing.receive(socket[1]))
                    .isEqualTo(new Received.Refused("2 descriptors where one was expected"));
        });
    }

    @Test
    void aTruncatedMessageLeavesNothingOpen() throws Exception {
        var twenty = new int[20];
        Arrays.fill(twenty, pipe[0]);
        Descriptors.assertNoneLeftBy(() -> {
            Libc.sendmsg(socket[0], ONE_BYTE, twenty);
            assertThat(DescriptorPassing.receive(socket[1]))
                    .isEqualTo(new Received.Refused("8 or more descriptors where one was expected"));
        });
    }

    @Test
    void theOneOfTwoThatFoundAFreeDescriptorIsNotTheOne() throws Exception {
        Descriptors.assertNoneLeftBy(() -> {
            int[] other = Sockets.pipe();
            assertThat(DescriptorPassing.received(new Message(1, List.of(other[0]), true)))
                    .isEqualTo(new Received.Refused("1 or more descriptors where one was expected"));
            Sockets.close(other[1]);
        });
    }

    @Test
    void sendingAndReceivingLeavesNothingOpen() throws Exception {
        Descriptors.assertNoneLeftBy(() -> {
            DescriptorPassing.send(socket[0], ONE_BYTE, pipe[0]);
            DescriptorPassing.close(descriptor(DescriptorPassing.receive(socket[1])));
        });
    }

    @Test
    void aFullSocketTakesNothing() throws Exception {
        var block = new byte[4_096];
        int rounds = 0;
        while (DescriptorPassing.send(socket[0], block, pipe[0]) > 0) {
            assertThat(++rounds).isLessThan(10_000);
        }
        assertThat(DescriptorPassing.send(socket[0], block, pipe[0])).isZero();
    }

    @Test
    void aClosedPeerIsAFaultAndNoSignal() throws Exception {
        int[] other = Sockets.pair();
        Sockets.close(other[0]);
        try {
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> DescriptorPassing.send(other[1], ONE_BYTE, pipe[0]))
                    .returns("EPIPE", KernelException::errnoName);
        } finally {
            Sockets.close(other[1]);
        }
    }

    @Test
    void whatIsNoDescriptorIsRefusedByTheKernel() {
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> DescriptorPassing.send(socket[0], ONE_BYTE, 1_000_000))
                .returns("EBADF", KernelException::errnoName);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9})
    void oneToEightDescriptorsGoAtOnce(int count) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DescriptorPassing.send(socket[0], ONE_BYTE, new int[count]));
    }

    @Test
    void descriptorsDoNotTravelAlone() {
        assertThatIllegalArgumentException().isThrownBy(() -> DescriptorPassing.send(socket[0], new byte[0], pipe[0]));
    }

    private static int descriptor(Received received) {
        assertThat(received).isInstanceOf(Received.Descriptor.class);
        return ((Received.Descriptor) received).fd();
    }
}
