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

    /** The most characters in all of them, and in what they are put together from: as many names of 64. */
    static final int MAX_CHARACTERS = 64 * MAX_NAMES;

    private static final String SEPARATORS = ", \t\n";

    /** Blanks before the lower bound count as digits of its width. */
    private static final Pattern RANGE = Pattern.compile("( {0,15}[0-9]{1,15})(?:-([0-9]{1,15}))?");

    private long characters;

    private HostList() {}

    /**
     * The names, in the order in which Slurm counts them.
     *
     * @throws IllegalArgumentException if the expression is none, or stands for more than {@link #MAX_NAMES} or
     *     {@link #MAX_CHARACTERS}
     */
    static List<String> expand(String expression) {
        return new HostList().names(expression);
    }

    private List<String> names(String expression) {
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
                addItem(items, expression.substring(from, at));
                from = at + 1;
            }
        }
        if (inBrackets) {
            throw new IllegalArgumentException("unclosed [");
        }
        addItem(items, expression.substring(from));
        return items;
    }

    private static void addItem(List<String> items, String item) {
        if (!item.isEmpty()) {
            if (items.size() == MAX_NAMES) {
                throw tooMany();
            }
            items.add(item);
        }
    }

    private List<String> namesOf(String item) {
        List<String> names = List.of("");
        int at = 0;
        for (int open = item.indexOf('['); open >= 0; open = item.indexOf('[', at)) {
            int close = item.indexOf(']', open);
            names = each(names, item.substring(at, open), numbers(item.substring(open + 1, close)));
            at = close + 1;
        }
        return at == item.length() ? names : each(names, item.substring(at), List.of(""));
    }

    /** Every beginning with every ending, the endings counting faster. */
    private List<String> each(List<String> beginnings, String middle, List<String> endings) {
        if ((long) beginnings.size() * endings.size() > MAX_NAMES) {
            throw tooMany();
        }
        var names = new ArrayList<String>(beginnings.size() * endings.size());
        for (String beginning : beginnings) {
            for (String ending : endings) {
                characters += beginning.length() + middle.length() + ending.length();
                if (characters > MAX_CHARACTERS) {
                    throw new IllegalArgumentException("more than " + MAX_CHARACTERS + " characters in its names");
                }
                names.add(beginning + middle + ending);
            }
        }
        return names;
    }

    private static List<String> numbers(String ranges) {
        var numbers = new ArrayList<String>();
        String[] parts = ranges.split(",", MAX_NAMES + 1);
        if (parts.length > MAX_NAMES) {
            throw tooMany();
        }
        for (String range : parts) {
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
