package io.adoptd.kernel.proc;

import io.adoptd.kernel.libc.Errno;
import io.adoptd.kernel.libc.KernelException;
import io.adoptd.kernel.libc.Libc;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Gets the texts. Every read blocks, if only as long as the kernel needs to write the text; {@code cgroup} waits for
 * whoever changes cgroups just then.
 */
public final class Proc {

    private static final int MAX_STAT = 4_096;
    private static final int MAX_STATUS = 16_384; // the masks of processors and memory nodes are long on large hosts
    private static final int MAX_CGROUP = 65_536; // a path is at most 4,096 long, and v1 has about a dozen hierarchies
    private static final int MAX_HOSTNAME = 256;

    private final String root;

    /** @param root {@code /proc}; a test may have its own */
    public Proc(String root) {
        this.root = root;
    }

    /** {@code PID/stat}; empty when there is no such process. */
    public Optional<ProcStat> stat(int pid) throws KernelException, ProcException {
        Optional<String> text = ofProcess(pid, "stat", MAX_STAT);
        return text.isEmpty() ? Optional.empty() : Optional.of(statOf(pid, text.get()));
    }

    private static ProcStat statOf(int pid, String text) throws ProcException {
        ProcStat stat = ProcStat.parse(text);
        if (stat.pid() != pid) {
            throw new ProcException("stat: not of pid " + pid, text);
        }
        return stat;
    }

    /** {@code PID/status}; empty when there is no such process. */
    public Optional<ProcStatus> status(int pid) throws KernelException, ProcException {
        Optional<String> text = ofProcess(pid, "status", MAX_STATUS);
        return text.isEmpty() ? Optional.empty() : Optional.of(ProcStatus.parse(text.get()));
    }

    /** {@code PID/cgroup}; empty when there is no such process. */
    public Optional<ProcCgroup> cgroup(int pid) throws KernelException, ProcException {
        Optional<String> text = ofProcess(pid, "cgroup", MAX_CGROUP);
        return text.isEmpty() ? Optional.empty() : Optional.of(ProcCgroup.parse(text.get()));
    }

    /** The host's name as the kernel has it: of this process's UTS namespace. */
    public String hostname() throws KernelException, ProcException {
        return Hostname.parse(text("sys/kernel/hostname", MAX_HOSTNAME));
    }

    /** A process may end before the file is opened, or after. */
    private Optional<String> ofProcess(int pid, String file, int atMost) throws KernelException, ProcException {
        try {
            return Optional.of(text(pid + "/" + file, atMost));
        } catch (KernelException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ESRCH) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private String text(String file, int atMost) throws KernelException, ProcException {
        int fd = Libc.open(root + "/" + file);
        try {
            return text(fd, file, atMost);
        } finally {
            Libc.close(fd);
        }
    }

    private static String text(int fd, String file, int atMost) throws KernelException, ProcException {
        var text = new ByteArrayOutputStream();
        var chunk = new byte[4_096];
        for (int read = Libc.read(fd, chunk); read > 0; read = Libc.read(fd, chunk)) {
            text.write(chunk, 0, read);
            if (text.size() > atMost) {
                throw new ProcException(file + ": longer than " + atMost + " bytes", "");
            }
        }
        return text.toString(StandardCharsets.UTF_8);
    }
}
