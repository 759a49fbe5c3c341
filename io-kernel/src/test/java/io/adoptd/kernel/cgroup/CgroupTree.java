package io.adoptd.kernel.cgroup;

import static org.awaitility.Awaitility.await;

import io.adoptd.kernel.Child;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A subtree of a real hierarchy that is the test's own, directly below its root, and gone with the test. */
final class CgroupTree implements AutoCloseable {

    private final Path top;

    private CgroupTree(Path top) {
        this.top = top;
    }

    /** Where the hierarchy with this v1 controller is mounted; {@code cgroup2} stands for v2. */
    static Optional<Path> mountOf(String what) throws IOException {
        return Files.readAllLines(Path.of("/proc/mounts")).stream()
                .map(line -> List.of(line.split(" ", -1)))
                .filter(mount -> what.equals("cgroup2")
                        ? mount.get(2).equals("cgroup2")
                        : mount.get(2).equals("cgroup")
                                && List.of(mount.get(3).split(",", -1)).contains(what))
                .map(mount -> Path.of(mount.get(1)))
                .findFirst();
    }

    /** Makes {@code mount/top}, which must not exist. */
    static CgroupTree create(Path mount, String top) throws IOException {
        return new CgroupTree(Files.createDirectory(mount.resolve(top)));
    }

    /** Moves the process to {@code path} below the top. */
    void take(Child child, String path) throws IOException {
        take(child.pid(), path);
    }

    void take(int pid, String path) throws IOException {
        Path cgroup = Files.createDirectories(top.resolve(path));
        Files.writeString(cgroup.resolve("cgroup.procs"), Integer.toString(pid));
    }

    void remove(String path) throws IOException {
        Files.delete(top.resolve(path));
    }

    /** Removes all of it; its processes must have ended, but the kernel may still be about to let them go. */
    @Override
    public void close() {
        await().ignoreExceptionsInstanceOf(FileSystemException.class).untilAsserted(this::removeAll);
    }

    private void removeAll() throws IOException {
        List<Path> cgroups;
        try (Stream<Path> all = Files.walk(top)) {
            cgroups = all.filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path cgroup : cgroups) {
            Files.delete(cgroup);
        }
    }
}
