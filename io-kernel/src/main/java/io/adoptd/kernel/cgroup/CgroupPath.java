package io.adoptd.kernel.cgroup;

/**
 * A cgroup's path, compared by whole components, so that {@code job_41} is never taken for {@code job_4}.
 *
 * @param path a slash before each component; empty for the root
 */
record CgroupPath(String path) {

    static final CgroupPath ROOT = new CgroupPath("");

    /** @param path absolute; {@code /} is the root, which has no components */
    static CgroupPath of(String path) {
        return path.equals("/") ? ROOT : new CgroupPath(path);
    }

    /**
     * Whether it can be compared at all. The kernel writes {@code ..} for what lies above the root of the reader's cgroup
     * namespace; dots and empty components it never writes.
     */
    boolean isPlain() {
        for (int slash = 0; slash < path.length(); ) {
            int end = endOfComponent(slash + 1);
            int length = end - slash - 1;
            if (length == 0 || (length <= 2 && path.startsWith("..".substring(2 - length), slash + 1))) {
                return false;
            }
            slash = end;
        }
        return true;
    }

    boolean isBelow(CgroupPath other) {
        return path.length() > other.path.length() && isIn(other);
    }

    /** Below it, or the same. */
    boolean isIn(CgroupPath other) {
        int length = other.path.length();
        return path.startsWith(other.path) && (path.length() == length || path.charAt(length) == '/');
    }

    /** The component that follows {@code above}, which this must be below. */
    String nextAfter(CgroupPath above) {
        int begin = above.path.length() + 1;
        return path.substring(begin, endOfComponent(begin));
    }

    private int endOfComponent(int from) {
        int slash = path.indexOf('/', from);
        return slash < 0 ? path.length() : slash;
    }

    CgroupPath child(String... names) {
        return new CgroupPath(path + "/" + String.join("/", names));
    }

    /** The root is its own. */
    CgroupPath parent() {
        return path.isEmpty() ? this : new CgroupPath(path.substring(0, path.lastIndexOf('/')));
    }
}
