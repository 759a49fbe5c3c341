package io.adoptd.kernel.proc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.Child;
import io.adoptd.kernel.OwnProcess;
import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import io.adoptd.kernel.limits.ResourceLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The readers against this kernel's own texts. */
class ProcIT {

    private final Proc proc = new Proc("/proc");

    @Test
    void theStartIsWhereAnotherReaderFindsIt() throws Exception {
        try (Child child = Child.sleeping()) {
            ProcStat stat = proc.stat(child.pid()).orElseThrow();
            // awk counts from the name's end, which "sleep" keeps free of spaces
            try (Child awk = Child.start("awk", "{ print $22 }", "/proc/" + child.pid() + "/stat")) {
                assertThat(awk.process().inputReader().readLine()).isEqualTo(Long.toString(stat.startTicks()));
            }
            assertThat(stat.comm()).isEqualTo("sleep");
            assertThat(stat.isAlive()).isTrue();
        }
    }

    @Test
    void whoStartsLaterStartsNoEarlier() throws Exception {
        try (Child child = Child.sleeping()) {
            long first = proc.stat(child.pid()).orElseThrow().startTicks();
            try (Child later = Child.sleeping()) {
                assertThat(proc.stat(later.pid()).orElseThrow().startTicks()).isGreaterThanOrEqualTo(first);
            }
        }
    }

    @Test
    void aNameThatLooksLikeFieldsDoesNotMoveThem() throws Exception {
        try (Child child = Child.start("sh", "-c", "printf 'x) R 1\\n(y' > /proc/$$/comm; echo named; read line")) {
            assertThat(child.process().inputReader().readLine()).isEqualTo("named");
            ProcStat stat = proc.stat(child.pid()).orElseThrow();
            assertThat(stat.comm()).isEqualTo("x) R 1\n(y");
            assertThat(stat.startTicks()).isBetween(proc.stat(1).orElseThrow().startTicks(), (long)
                    (uptimeSeconds() * 1_000)); // a tick is never shorter than a millisecond
        }
    }

    private static double uptimeSeconds() throws Exception {
        return Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);
    }

    @Test
    void remainsAreToldFromALivingProcess() throws Exception {
        try (Child parent = Child.start("sh", "-c", "sleep 0.1 & echo $!; exec sleep 600")) {
            int zombie = Integer.parseInt(parent.process().inputReader().readLine());
            await().until(() -> !proc.stat(zombie).orElseThrow().isAlive());
            assertThat(proc.cgroup(zombie)).isPresent();
        }
    }

    @Test
    void everyProcessOfThisMachineCanBeRead() throws Exception {
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            int pid = Math.toIntExact(process.pid());
            proc.stat(pid).ifPresent(stat -> assertThat(stat.pid()).isEqualTo(pid));
            proc.limits(pid).ifPresent(limits -> assertThat(limits.limits()).hasSize(Resource.values().length));
            proc.cgroup(pid).ifPresent(cgroup -> assertThat(cgroup.lines()).isNotEmpty());
        }
    }

    @Test
    void limitsAreThoseThatPrlimitTells() throws Exception {
        try (Child child = Child.sleeping()) {
            for (Map.Entry<Resource, Limit> limit :
                    proc.limits(child.pid()).orElseThrow().limits().entrySet()) {
                assertThat(limit.getValue()).isEqualTo(ResourceLimits.get(child.pid(), limit.getKey()));
            }
        }
    }

    @Test
    void anEndedProcessIsEmpty() throws Exception {
        int ended;
        try (Child child = Child.sleeping()) {
            ended = child.pid();
        }
        assertThat(proc.stat(ended)).isEmpty();
        assertThat(proc.cgroup(ended)).isEmpty();
    }

    @Test
    void theHostsNameIsTheOneThatUnameTells() throws Exception {
        try (Child uname = Child.start("uname", "-n")) {
            assertThat(OwnProcess.hostname())
                    .isEqualTo(uname.process().inputReader().readLine());
        }
    }
}
