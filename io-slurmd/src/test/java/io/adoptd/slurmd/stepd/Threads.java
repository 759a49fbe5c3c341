package io.adoptd.slurmd.stepd;

import java.util.List;
import java.util.Set;

/** The threads of this process, but for those of a test that waits or watches. */
final class Threads {

    private Threads() {}

    static Set<Thread> now() {
        return Set.copyOf(Thread.getAllStackTraces().keySet());
    }

    /** The names of those that were not there then. */
    static List<String> newSince(Set<Thread> then) {
        return now().stream()
                .filter(thread -> !then.contains(thread))
                .map(Thread::getName)
                .filter(name -> !name.startsWith("awaitility") && !name.startsWith("watch"))
                .toList();
    }
}
