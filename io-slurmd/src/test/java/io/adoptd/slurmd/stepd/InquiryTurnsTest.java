package io.adoptd.slurmd.stepd;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.JobId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InquiryTurnsTest {

    private static final int MANY = 100_000;

    private final Inquiry.Turns turns = new Inquiry.Turns();
    private final FakeWorld world = new FakeWorld();

    @Test
    void anyNumberThatNeedNoTurnAnyMoreLeaveTheirTurnsToOthers() {
        IntStream.range(0, Inquiry.Turns.AT_ONCE)
                .forEach(i -> assertThat(turns.takeAtOnce()).isTrue());
        IntStream.range(0, MANY).mapToObj(this::untroubled).forEach(turns::request);
        assertThat(turns.isCrowded()).isTrue();

        turns.giveBack();

        assertThat(turns.isCrowded()).isFalse();
        assertThat(turns.takeAtOnce())
                .as("the turn that was given back is free")
                .isTrue();
        assertThat(turns.takeAtOnce()).as("and no other").isFalse();
        assertThat(world.asked()).isEmpty();
    }

    /** One that is not asked in the background, for it is not silent. */
    private Inquiry untroubled(int number) {
        var socket = new StepSocket(
                Path.of("/nowhere/c1_" + number + ".4294967292"), new JobId(1), null, Instant.EPOCH, number);
        return new Inquiry(socket, world, () -> uid -> true, turns);
    }
}
