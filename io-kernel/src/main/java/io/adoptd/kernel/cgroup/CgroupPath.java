package io.adoptd.kernel.cgroup;

import java.util.List;
import java.util.stream.Stream;

/** A cgroup's path as whole components, so that {@code job_41} is never taken for {@code job_4}. */
record CgroupPath(List<String> components) {

    static final CgroupPath ROOT = new CgroupPath(List.of());

    CgroupPath {
        components = List.copyOf(components);
    }

    /** @param path absolute; {@code /} is the root, which has no components */
    static CgroupPath of(String path) {
        return path.equals("/")
                ? ROOT
                : new CgroupPath(List.of(path.substring(1).split("/", -1)));
    }

    /**
     * Whether it can be compared at all. The kernel writes {@code ..} for what lies above the root of the reader's cgroup
     * namespace; dots and empty components it never writes.
     */
    boolean isPlain() {
        return components.stream().noneMatch(name -> name.isEmpty() || name.equals(".") || name.equals(".."));
    }

    boolean isBelow(CgroupPath other) {
        return components.size() > other.components.size() && isIn(other);
    }

    /** Below it, or the same. */
    boolean isIn(CgroupPath other) {
        return components.size() >= other.components.size()
                && components.subList(0, other.components.size()).equals(other.components);
    }

    /** The component that follows {@code above}, which this must be below. */
    String nextAfter(CgroupPath above) {
        return components.get(above.components.size());
    }

    CgroupPath child(String... names) {
        return new CgroupPath(
                Stream.concat(components.stream(), Stream.of(names)).toList());
    }

    /** The root is its own. */
    CgroupPath parent() {
        return components.isEmpty() ? this : new CgroupPath(components.subList(0, components.size() - 1));
    }
}
