package io.adoptd.slurmd.conf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One line of a slurm.conf as Slurm sees it: continuations joined, comment and escapes gone. Source: Slurm
 * src/common/parse_config.c.
 *
 * @param number where it begins, counted from 1
 */
record ConfLine(Path file, int number, String text) {

    /** The lines of a file that hold anything. */
    static List<ConfLine> of(Path file, String content) {
        var lines = new ArrayList<ConfLine>();
        var joined = new StringBuilder();
        int number = 0;
        int first = 1;
        for (String physical : content.split("\n", -1)) {
            number++;
            String bare = withoutComment(physical);
            int continuation = continuationAt(bare);
            if (continuation >= 0) {
                joined.append(bare, 0, continuation);
                continue;
            }
            addUnlessBlank(lines, new ConfLine(file, first, withoutEscapes(joined.append(bare))));
            joined.setLength(0);
            first = number + 1;
        }
        addUnlessBlank(lines, new ConfLine(file, first, withoutEscapes(joined)));
        return lines;
    }

    private static void addUnlessBlank(List<ConfLine> lines, ConfLine line) {
        if (!line.text().isBlank()) {
            lines.add(line);
        }
    }

    /** A {@code #} begins a comment, in quotes too; an odd number of backslashes before it makes it a letter. */
    private static String withoutComment(String line) {
        for (int at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1)) {
            if (backslashesBefore(line, at) % 2 == 0) {
                return line.substring(0, at);
            }
        }
        return line;
    }

    /** Where the backslash stands that joins the next line, blanks after it forgiven; −1 for none. */
    private static int continuationAt(String line) {
        int end = line.stripTrailing().length();
        return backslashesBefore(line, end) % 2 == 1 ? end - 1 : -1;
    }

    private static int backslashesBefore(String line, int end) {
        int at = end;
        while (at > 0 && line.charAt(at - 1) == '\\') {
            at--;
        }
        return end - at;
    }

    private static String withoutEscapes(CharSequence line) {
        var text = new StringBuilder(line.length());
        for (int at = 0; at < line.length(); at++) {
            if (line.charAt(at) == '\\' && at + 1 < line.length()) {
                at++;
            }
            text.append(line.charAt(at));
        }
        return text.toString();
    }
}
