# The figures of a run: awk -f statistics.awk -f figures.awk -v json=FILE -v about=JSON_MEMBERS expected.tsv samples.tsv
#
# Prints the tables, and every wrong result; exit code 1 if there was one.

FILENAME == ARGV[1] { take_expected(); next }

{
    reason = take_sample()
    if ($2 > 0)
        samples[++sample_count] = sprintf("\"case\": \"%s\", \"round\": %s, \"place\": %s, \"column\": \"%s\", " \
            "\"result\": %s, \"before_ns\": %s, \"account_ns\": %s, \"right\": %s",
            $1, $2, $3, $4, $5, $6, $7, reason == "" ? "true" : "false")
}

END {
    print_times()
    print_ratios()
    for (i = 1; i <= wrong_count; i++) print_wrong(wrongs[i], reasons[i])
    if (json != "") write_json()
    exit wrong_count > 0
}

# A p99 of less than 100 samples is but their maximum.
function time_cell(case_, column) {
    gather_times(case_, column)
    if (!count) return "-"
    return digits(median() / MS) " (" (count < 100 ? "-" : digits(percentile(99) / MS)) ")"
}

# The median with the two order statistics that hold it with 95 %, if the pairs are independent.
function ratio_cell(case_, column, other,   low, high) {
    if (!(column in has_column)) return "-"
    gather_ratios(case_, column, other)
    if (!count) return "-"
    low = int(count / 2 - 0.98 * sqrt(count))
    high = count + 1 - low
    return sprintf("%.3f", median()) (low < 1 ? "" : sprintf(" [%.3f-%.3f]", values[low], values[high]))
}

function print_times(   i, j) {
    print "Account phase alone in ms: median (p99)"
    printf "%-16s%7s%8s", "", "steps", "rounds"
    for (j = 1; j <= column_count; j++) printf "%20s", columns[j]
    print ""
    for (i = 1; i <= case_count; i++) {
        printf "%-16s%7s%8s", cases[i], steps[cases[i]], rounds[cases[i]]
        for (j = 1; j <= column_count; j++) printf "%20s", time_cell(cases[i], columns[j])
        print ""
    }
    print ""
}

function print_ratios(   i) {
    print "Ratio within a round: median [95 % interval of it]"
    printf "%-16s%26s%26s%26s%16s\n", "", "adoptd/floor", "adoptd/peer", "peer/floor", "as expected"
    for (i = 1; i <= case_count; i++)
        printf "%-16s%26s%26s%26s%16s\n", cases[i], ratio_cell(cases[i], "adoptd", "floor"),
            ratio_cell(cases[i], "adoptd", "peer"), ratio_cell(cases[i], "peer", "floor"),
            right[cases[i]] + 0 " of " asked[cases[i]] + 0
}

function print_wrong(sample, reason,   field) {
    split(sample, field, "\t")
    printf "wrong: %s, %s, %s: %s", field[1], field[4], field[2] == 0 ? "warm-up" : "round " field[2], reason
    printf " (result %s after %s ms%s)\n", field[5], digits(field[7] / MS), field[9] == "" ? "" : ", told: " field[9]
}

function write_json(   i) {
    printf "{\n%s,\n\"samples\": [\n", about >json
    for (i = 1; i <= sample_count; i++) printf "{%s}%s\n", samples[i], i < sample_count ? "," : "" >json
    printf "]\n}\n" >json
    if (close(json) != 0) { print "figures: can't write " json >"/dev/stderr"; wrong_count++ }
}
