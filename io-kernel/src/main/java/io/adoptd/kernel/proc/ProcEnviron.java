package io.adoptd.kernel.proc;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code /proc/PID/environ}: what the process was started with, if it has not written over it since; it may have, with
 * anything. proc_pid_environ(5).
 *
 * @param variables in order, each {@code NAME=VALUE} with a name; a name may come twice
 */
public record ProcEnviron(List<String> variables) {

    public ProcEnviron {
        variables = List.copyOf(variables);
    }

    /** Takes what is a variable in UTF-8 and leaves out what is not: a process may put anything there. */
    public static ProcEnviron parse(byte[] block) {
        var variables = new ArrayList<String>();
        int from = 0;
        for (int at = 0; at <= block.length; at++) {
            if (at == block.length || block[at] == 0) {
                text(block, from, at).filter(entry -> entry.indexOf('=') > 0).ifPresent(variables::add);
                from = at + 1;
            }
        }
        return new ProcEnviron(variables);
    }

    private static Optional<String> text(byte[] block, int from, int to) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(block, from, to - from))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
