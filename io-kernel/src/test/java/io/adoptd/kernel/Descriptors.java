package io.adoptd.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.util.Objects;

/** How many descriptors this process has. */
public final class Descriptors {

    private Descriptors() {}

    /** Something that may leak. */
    public interface Act {
        void run() throws Exception;
    }

    /** Does it once for what is only made at first, then often, and counts. */
    public static void assertNoneLeftBy(Act act) throws Exception {
        act.run();
        int before = count();
        for (int i = 0; i < 50; i++) {
            act.run();
        }
        await().untilAsserted(() -> assertThat(count()).isLessThanOrEqualTo(before)); // another thread may be at work
    }

    private static int count() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }
}
