package io.adoptd.kernel.proc;

/** What the kernel writes numbers with; the parsers of the library take signs and other scripts' digits too. */
final class Digits {

    private Digits() {}

    /** Whether there are some, and nothing else. */
    static boolean are(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
