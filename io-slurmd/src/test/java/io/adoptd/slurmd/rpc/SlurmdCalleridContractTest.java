package io.adoptd.slurmd.rpc;

import io.adoptd.pipeline.Samples;
import io.adoptd.pipeline.model.Connection;
import io.adoptd.pipeline.model.Uid;
import io.adoptd.pipeline.port.Callerid;
import io.adoptd.pipeline.port.CalleridContractTest;
import io.adoptd.pipeline.time.LoginClock;
import io.adoptd.slurmd.auth.BodyHash;
import io.adoptd.slurmd.message.NetworkCalleridResponse;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.SlurmVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

class SlurmdCalleridContractTest extends CalleridContractTest {

    private static LoopResources loops;

    private final FakeCredentials credentials = new FakeCredentials();
    private final SlurmdReplies replies = new SlurmdReplies(credentials);
    private final List<ScriptedSlurmd> slurmds = new ArrayList<>();

    @BeforeAll
    static void startLoops() {
        loops = LoopResources.create("callerid", 1, true);
        BodyHash.K12.payload(0, Bytes.NONE); // its classes take longer to load than a login in here waits
    }

    @AfterAll
    static void endLoops() {
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(5)).block();
    }

    @AfterEach
    void endSlurmds() {
        slurmds.forEach(ScriptedSlurmd::close);
    }

    @Override
    protected Callerid whoseSourceRuns(long job) {
        return asking(ScriptedSlurmd.answers(replies.job(job)));
    }

    @Override
    protected Callerid whoseSourceIsIgnorant() {
        ScriptedSlurmd.Line unknown = ScriptedSlurmd.answers(replies.job(NetworkCalleridResponse.NO_VAL));
        return asking(unknown, unknown);
    }

    @Override
    protected Callerid whoseSourceIsSilent() {
        return asking(ScriptedSlurmd.saysNothing());
    }

    @Override
    protected Callerid whoseSourceRefuses() {
        try (var port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return asking(new SlurmdSettings(port.getLocalPort(), new Uid(0), new Uid(0)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected Connection connection() {
        return new Connection(Samples.endpoint("127.0.0.1", 40_000), Samples.endpoint("127.0.0.1", 22));
    }

    private Callerid asking(ScriptedSlurmd.Line... lines) {
        var slurmd = ScriptedSlurmd.that(lines);
        slurmds.add(slurmd);
        return asking(slurmd.settings());
    }

    private Callerid asking(SlurmdSettings settings) {
        var sources = ScriptedSlurmd.patientSources(LoginClock.monotonic(Schedulers.parallel()));
        return new SlurmdCallerid(credentials, () -> settings, () -> SlurmVersion.COMMON, sources, loops);
    }
}
