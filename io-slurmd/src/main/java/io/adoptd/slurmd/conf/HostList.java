package io.adoptd.slurmd.conf;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Slurm's host range expressions, such as {@code n[01-03],login}, as Slurm 23.11 and later read them. Source: Slurm
 * src/common/hostlist.c, and {@code scontrol show hostnames} for each row of the test.
 */
final class HostList {

    /** The most names that one expression may stand for: Slurm's bound of one range. */
    static final int MAX_NAMES = 65_536;

    private static final String SEPARATORS = ", \t\n";

    /** Blanks before the lower bound count as digits of its width. */
    private static final Pattern RANGE = Pattern.compile("( {0,15}[0-9]{1,15})(?:-([0-9]{1,15}))?");

    private HostList() {}

    /**
     * The names, in the order in which Slurm counts them.
     *
     * @throws IllegalArgumentException if the expression is none, or stands for more than {@link #MAX_NAMES}
     */
    static List<String> expand(String expression) {
        var names = new ArrayList<String>();
        for (String item : items(expression)) {
            List<String> more = namesOf(item);
            if (names.size() + more.size() > MAX_NAMES) {
                throw tooMany();
            }
            names.addAll(more);
        }
        return names;
    }

    /** The parts between separators; a separator in brackets is none. */
    private static List<String> items(String expression) {
        var items = new ArrayList<String>();
        boolean inBrackets = false;
        int from = 0;
        for (int at = 0; at < expression.length(); at++) {
            char c = expression.charAt(at);
            if (c == '{' || c == '}') {
                throw new IllegalArgumentException("braces are not resolved");
            }
            if (c == (inBrackets ? '[' : ']')) {
                throw new IllegalArgumentException("unmatched " + c);
            }
            if (c == '[' || c == ']') {
                inBrackets = c == '[';
            } else if (!inBrackets && SEPARATORS.indexOf(c) >= 0) {
                items.add(expression.substring(from, at));
                from = at + 1;
            }
        }
        if (inBrackets) {
            throw new IllegalArgumentException("unclosed [");
        }
        items.add(expression.substring(from));
        items.removeIf(String::isEmpty);
        return items;
    }

    private static List<String> namesOf(String item) {
        List<String> names = List.of("");
        int at = 0;
        for (int open = item.indexOf('['); open >= 0; open = item.indexOf('[', at)) {
            int close = item.indexOf(']', open);
            names = each(names, item.substring(at, open), numbers(item.substring(open + 1, close)));
            at = close + 1;
        }
        return each(names, item.substring(at), List.of(""));
    }

    /** Every beginning with every ending, the endings counting faster. */
    private static List<String> each(List<String> beginnings, String middle, List<String> endings) {
        if ((long) beginnings.size() * endings.size() > MAX_NAMES) {
            throw tooMany();
        }
        var names = new ArrayList<String>(beginnings.size() * endings.size());
        for (String beginning : beginnings) {
            for (String ending : endings) {
                names.add(beginning + middle + ending);
            }
        }
        return names;
    }

    private static List<String> numbers(String ranges) {
        var numbers = new ArrayList<String>();
        for (String range : ranges.split(",", -1)) {
            Matcher matcher = RANGE.matcher(range);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("not a range: [" + range + "]");
            }
            addNumbers(numbers, matcher.group(1), matcher.group(2) == null ? matcher.group(1) : matcher.group(2));
        }
        return numbers;
    }

    private static void addNumbers(List<String> numbers, String low, String high) {
        long first = Long.parseLong(low.strip());
        long last = Long.parseLong(high.strip());
        if (last < first) {
            throw new IllegalArgumentException("a range that runs backwards: " + low + "-" + high);
        }
        if (last - first >= MAX_NAMES - numbers.size()) {
            throw tooMany();
        }
        for (long number = first; number <= last; number++) {
            String digits = Long.toString(number);
            numbers.add("0".repeat(Math.max(0, low.length() - digits.length())) + digits);
        }
    }

    private static IllegalArgumentException tooMany() {
        return new IllegalArgumentException("more than " + MAX_NAMES + " names");
    }
}
