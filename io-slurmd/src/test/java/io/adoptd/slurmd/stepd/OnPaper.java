package io.adoptd.slurmd.stepd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A conversation without a socket: the slurmstepd's bytes are all there from the beginning. */
final class OnPaper<T> {

    /** The number of the first descriptor that is taken. */
    static final int FIRST_FD = 100;

    private final ByteBuffer bytes;
    private final List<Integer> said = new ArrayList<>();
    private @Nullable T answer;
    private int taken;
    private int longest;

    private OnPaper(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    static <T> OnPaper<T> of(Turn<T> beginning, byte... bytes) {
        var paper = new OnPaper<T>(bytes);
        paper.run(beginning);
        return paper;
    }

    /** Bytes in this machine's order. */
    static byte[] words(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES).order(ByteOrder.nativeOrder());
        for (int word : words) {
            bytes.putInt(word);
        }
        return bytes.array();
    }

    /** Null when the bytes ended too early. */
    @Nullable
    T answer() {
        return answer;
    }

    List<Integer> said() {
        return said;
    }

    int left() {
        return bytes.remaining();
    }

    /** How many descriptors were taken, from {@link #FIRST_FD} on. */
    int taken() {
        return taken;
    }

    /** How long the longest field was that it set out to hear, whether or not it came. */
    int longest() {
        return longest;
    }

    private void run(Turn<T> beginning) {
        Turn<T> turn = beginning;
        int heard = 0;
        while (true) {
            if (turn instanceof Turn.Say<T> say) {
                said.addAll(say.words());
                turn = say.then();
            } else if (turn instanceof Turn.Hear<T> hear) {
                longest = Math.max(longest, hear.length());
                if (hear.length() > bytes.remaining()) {
                    return;
                }
                byte[] field = new byte[hear.length()];
                bytes.get(field);
                turn = hear.then().apply(new Reply(hear.field(), heard, field));
                heard += field.length;
            } else if (turn instanceof Turn.Take<T> take && bytes.hasRemaining()) {
                bytes.get();
                heard++;
                turn = take.then().apply(FIRST_FD + taken++);
            } else if (turn instanceof Turn.Done<T> done) {
                answer = done.answer();
                return;
            } else {
                return;
            }
        }
    }
}
