package io.adoptd.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.adoptd.pipeline.model.ActionAdoptFailure;
import io.adoptd.pipeline.model.ActionGenericFailure;
import io.adoptd.pipeline.model.ActionNoJobs;
import io.adoptd.pipeline.model.ActionUnknown;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.pipeline.model.NodeName;
import io.adoptd.pipeline.model.PamOptions;
import io.adoptd.pipeline.model.Switches;
import io.adoptd.pipeline.model.Uid;
import org.junit.jupiter.api.Test;

/** The same lines as in participation_test.c, where the module reads them. */
class LoginRecordTest {

    private static final PamOptions USUAL =
            new PamOptions(ActionNoJobs.DENY, ActionUnknown.NEWEST, ActionAdoptFailure.DENY, ActionGenericFailure.DENY);

    @Test
    void aRecordIsTheLineOfThePage() {
        assertThat(new LoginRecord(new Uid(2001), new JobId(7), USUAL, new NodeName("c1")).text())
                .isEqualTo("adoptd-login 1 uid=2001 job=7 actions=2123 switches=3 nodename=c1\n");
    }

    @Test
    void theLongestRecordHasUnsignedNumbersAndFitsWhatTheModuleReads() {
        var options = new PamOptions(
                        ActionNoJobs.IGNORE, ActionUnknown.DENY, ActionAdoptFailure.ALLOW, ActionGenericFailure.IGNORE)
                .with(new Switches(true, true, true));
        var text = new LoginRecord(
                        new Uid(4_294_967_294L), new JobId(4_294_967_279L), options, new NodeName("n".repeat(64)))
                .text();
        assertThat(text)
                .isEqualTo("adoptd-login 1 uid=4294967294 job=4294967279 actions=1311 switches=7 nodename="
                        + "n".repeat(64) + "\n")
                .hasSizeLessThanOrEqualTo(192);
        assertThat(new LoginRecord(new Uid(1), new JobId(1), options, null).text())
                .endsWith(" nodename=-\n");
    }
}
