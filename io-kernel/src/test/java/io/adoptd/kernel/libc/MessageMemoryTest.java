package io.adoptd.kernel.libc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageMemoryTest {

    /** The collector frees what only a native struct points to. */
    @Test
    void everythingThatTheKernelWritesToLivesAsLongAsTheMessage() {
        var memory = new MessageMemory(1, 64);
        try {
            List<WeakReference<Memory>> pointedTo =
                    List.of(new WeakReference<>(memory.data()), new WeakReference<>(memory.control()));
            collect();
            assertThat(pointedTo).noneMatch(reference -> reference.refersTo(null));
            Pointer header = memory.header().getPointer();
            memory.header().write();
            assertThat(header.getPointer(16).getPointer(0)).as("iov_base").isEqualTo(memory.data());
            assertThat(header.getPointer(32)).as("msg_control").isEqualTo(memory.control());
        } finally {
            Reference.reachabilityFence(memory);
            memory.close();
        }
    }

    /** Without this the test above could not fail. */
    @Test
    void memoryThatNothingRefersToIsCollected() {
        var forgotten = new WeakReference<>(new Memory(1));
        collect();
        assertThat(forgotten.refersTo(null)).isTrue();
    }

    @Test
    void closedMessageHasNoMemory() {
        Memory data;
        try (var memory = new MessageMemory(8, 64)) {
            data = memory.data();
            data.setLong(0, 7);
        }
        assertThat(Pointer.nativeValue(data)).isZero();
    }

    /** Until the collector has taken something that is there to be taken. */
    private static void collect() {
        var sentinel = new WeakReference<>(new Object());
        for (int i = 0; i < 100 && !sentinel.refersTo(null); i++) {
            System.gc();
        }
        assertThat(sentinel.refersTo(null)).as("the collector runs").isTrue();
    }
}
