package io.adoptd.pipeline.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.PamOptions;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecisionTableTest {

    @ParameterizedTest
    @MethodSource("everyLine")
    void everySituationHasOneRowUnderEveryLineThatCanBeWritten(PamOptions options) {
        for (Situation situation : Situation.values()) {
            assertThat(DecisionTable.ROWS.stream()
                            .filter(row -> row.when() == situation && row.value() == situation.chosenIn(options)))
                    .hasSize(1);
        }
    }

    @Test
    void aRowDeniesWithALineAndOnlyThen() {
        assertThat(DecisionTable.ROWS)
                .allSatisfy(row -> assertThat(row.message().isEmpty()).isEqualTo(row.then() != Then.DENY));
    }

    @Test
    void aRowDoesWhatItsValueSays() {
        assertThat(DecisionTable.ROWS)
                .allSatisfy(row -> assertThat(row.then())
                        .isEqualTo(
                                switch (row.value().word()) {
                                    case "deny" -> Then.DENY;
                                    case "allow" -> Then.ALLOW;
                                    case "ignore" -> Then.IGNORE;
                                    case "newest" -> Then.ADOPT_NEWEST;
                                    default -> throw new AssertionError(row);
                                }));
    }

    @Test
    void theDefaultsAreThePages() {
        assertThat(PamOptions.DEFAULT)
                .isEqualTo(new PamOptions(
                        ActionNoJobs.DENY,
                        ActionUnknown.NEWEST,
                        ActionAdoptFailure.ALLOW,
                        ActionGenericFailure.IGNORE));
    }

    static Stream<PamOptions> everyLine() {
        return Arrays.stream(ActionNoJobs.values())
                .flatMap(noJobs -> Arrays.stream(ActionUnknown.values())
                        .flatMap(unknown -> Arrays.stream(ActionAdoptFailure.values())
                                .flatMap(adopt -> Arrays.stream(ActionGenericFailure.values())
                                        .map(generic -> new PamOptions(noJobs, unknown, adopt, generic)))));
    }
}
