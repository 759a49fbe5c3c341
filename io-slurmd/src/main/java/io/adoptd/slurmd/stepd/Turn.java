package io.adoptd.slurmd.stepd;

import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * What a conversation does next. A conversation is plain data and plain functions: who moves the bytes is not its
 * business, so any bytes can be tried on it.
 *
 * @param <T> what it is all for
 */
sealed interface Turn<T> {

    /** Say something, in one write: a slurmstepd gives up on a request code that comes in two parts. */
    record Say<T>(List<Integer> words, Turn<T> then) implements Turn<T> {}

    /**
     * Hear one field.
     *
     * @param length bytes to read: not one more, for the byte that follows may carry a descriptor
     * @param then may throw {@link io.adoptd.slurmd.wire.DecodeException}
     */
    record Hear<T>(String field, int length, Function<Reply, Turn<T>> then) implements Turn<T> {}

    /** Take the descriptor that comes next. */
    record Take<T>(IntFunction<Turn<T>> then) implements Turn<T> {}

    /** Leave, with the answer. */
    record Done<T>(T answer) implements Turn<T> {}
}
