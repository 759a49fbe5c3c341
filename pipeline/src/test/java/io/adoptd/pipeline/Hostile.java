package io.adoptd.pipeline;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;

/** What fuzz tests share: where their inputs begin, and what reading one may cost. */
public final class Hostile {

    private static final int TRIES = 4;

    /** Much, for the fuzzer's and the assertions' own share is in it; little, beside a length that is believed. */
    private static final long BASE = 1 << 20;

    private static final long PER_BYTE = 4_096;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Hostile() {}

    /** Texts to begin with, as the bytes that a file or a socket would give. */
    public static Stream<byte[]> texts(String... texts) {
        return Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8));
    }

    /** The text as our readers make it of bytes: what is not UTF-8 becomes U+FFFD. */
    public static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Reads, and fails if that took memory out of all proportion to what there is to read. */
    public static void readsCheaply(byte[] input, Runnable reading) {
        allocatesAtMost(BASE + PER_BYTE * input.length, reading);
    }

    /**
     * Reads, and fails if that took more memory than it may: no length that the input merely claims is believed.
     *
     * @param bytes most that may be allocated, in all and not only at once
     * @param reading does the same each time; the first one may have to load classes, so it is given further tries
     */
    public static void allocatesAtMost(long bytes, Runnable reading) {
        long least = Long.MAX_VALUE;
        for (int tried = 0; tried < TRIES && least > bytes; tried++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            reading.run();
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        if (least > bytes) {
            throw new AssertionError(least + " bytes allocated where " + bytes + " should do");
        }
    }
}
