package io.adoptd.slurmd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Bytes as they should not be, and what a reader may do about it. */
public final class Mangled {

    private Mangled() {}

    /** Hex with any blanks in it, as worked examples print it. */
    public static Bytes hex(String text) {
        return Bytes.of(HexFormat.of().parseHex(text.replaceAll("\\s", "")));
    }

    /** All its beginnings, the whole not among them. */
    public static Stream<Bytes> cuts(Bytes whole) {
        byte[] bytes = whole.toArray();
        return IntStream.range(0, bytes.length).mapToObj(end -> Bytes.of(bytes, 0, end));
    }

    /** All that differ in exactly one byte, however they do. */
    public static Stream<Bytes> changes(Bytes whole) {
        return changes(whole, IntStream.range(1, 256).toArray());
    }

    /** Those that differ in exactly one byte, by one of these masks. */
    public static Stream<Bytes> changes(Bytes whole, int... masks) {
        return IntStream.range(0, whole.size())
                .boxed()
                .flatMap(at -> Arrays.stream(masks).mapToObj(mask -> changed(whole, at, mask)));
    }

    /** Whatever the bytes are, a reader reads them or says that it cannot; nothing else ever comes out of it. */
    public static void raisesNothingButDecodeException(Bytes good, Consumer<Bytes> reader) {
        readsOrSaysThatItCannot(Stream.concat(cuts(good), changes(good)), reader);
    }

    public static void readsOrSaysThatItCannot(Stream<Bytes> mangled, Consumer<Bytes> reader) {
        mangled.forEach(bytes -> {
            try {
                reader.accept(bytes);
            } catch (DecodeException expected) {
                assertThat(expected.offset()).isBetween(0, bytes.size());
            } catch (RuntimeException | Error e) {
                throw new AssertionError(bytes.toHex() + " raises " + e, e);
            }
        });
    }

    private static Bytes changed(Bytes whole, int at, int mask) {
        byte[] bytes = whole.toArray();
        bytes[at] ^= (byte) mask;
        return Bytes.of(bytes);
    }
}
