package io.adoptd.kernel.proc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Every cut and every changed byte of a text. */
public final class Mutations {

    private Mutations() {}

    public static void ofEvery(String sample, Consumer<String> each) {
        byte[] bytes = sample.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < bytes.length; length++) {
            each.accept(new String(Arrays.copyOf(bytes, length), StandardCharsets.UTF_8));
        }
        for (int at = 0; at < bytes.length; at++) {
            byte original = bytes[at];
            for (int value = 0; value < 256; value++) {
                bytes[at] = (byte) value;
                if (bytes[at] != original) {
                    each.accept(new String(bytes, StandardCharsets.UTF_8));
                }
            }
            bytes[at] = original;
        }
    }
}
