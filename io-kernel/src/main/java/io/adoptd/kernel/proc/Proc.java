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
    private static final int MAX_LIMITS = 4_096;
    private static final int MAX_HOSTNAME = 256;

    /** Most programs have 4 KiB; what is longer than this is given up. */
    private static final int MAX_ENVIRON = 256 * 1_024;

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

    /** {@code PID/limits}; empty when there is no such process. */
    public Optional<ProcLimits> limits(int pid) throws KernelException, ProcException {
        Optional<String> text = ofProcess(pid, "limits", MAX_LIMITS);
        return text.isEmpty() ? Optional.empty() : Optional.of(ProcLimits.parse(text.get()));
    }

    /** {@code PID/environ}; empty when there is no such process. Only for root, and for the process's own user. */
    public Optional<ProcEnviron> environ(int pid) throws KernelException, ProcException {
        return bytesOfProcess(pid, "environ", MAX_ENVIRON).map(ProcEnviron::parse);
    }

    /** The host's name as the kernel has it: of this process's UTS namespace. */
    public String hostname() throws KernelException, ProcException {
        return Hostname.parse(utf8(bytes("sys/kernel/hostname", MAX_HOSTNAME)));
    }

    private Optional<String> ofProcess(int pid, String file, int atMost) throws KernelException, ProcException {
        return bytesOfProcess(pid, file, atMost).map(Proc::utf8);
    }

    /** A process may end before the file is opened, or after. */
    private Optional<byte[]> bytesOfProcess(int pid, String file, int atMost) throws KernelException, ProcException {
        try {
            return Optional.of(bytes(pid + "/" + file, atMost));
        } catch (KernelException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ESRCH) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private byte[] bytes(String file, int atMost) throws KernelException, ProcException {
        int fd = Libc.open(root + "/" + file);
        try {
            return bytes(fd, file, atMost);
        } finally {
            Libc.close(fd);
        }
    }

    private static byte[] bytes(int fd, String file, int atMost) throws KernelException, ProcException {
        var bytes = new ByteArrayOutputStream();
        var chunk = new byte[4_096];
        for (int read = Libc.read(fd, chunk); read > 0; read = Libc.read(fd, chunk)) {
            bytes.write(chunk, 0, read);
            if (bytes.size() > atMost) {
                throw new ProcException(file + ": longer than " + atMost + " bytes", "");
            }
        }
        return bytes.toByteArray();
    }
}
