# The figures of a run: awk -f figures.awk -v json=FILE -v about=JSON_MEMBERS expected.tsv samples.tsv
#
# expected.tsv: case, column, result, job (0: none; 1|2: either), what the user must be told (nothing, or a part of it),
#               extern steps on the node
# samples.tsv:  case, then what pamtime prints
# Prints the tables, and every wrong result; exit code 1 if there was one.

BEGIN { FS = "\t"; MS = 1000000 }

FILENAME == ARGV[1] {
    if (!($1 in steps)) cases[++case_count] = $1
    if (!($2 in has_column)) { columns[++column_count] = $2; has_column[$2] = 1 }
    steps[$1] = $6
    result_of[$1, $2] = $3; job_of[$1, $2] = $4; told_of[$1, $2] = $5
    next
}

{
    reason = wrong()
    if (reason != "") { wrongs[++wrong_count] = $0; reasons[wrong_count] = reason }
    if ($2 == 0) { warmups[$1, $4]++; next }
    asked[$1]++
    if ($2 > rounds[$1]) rounds[$1] = $2
    samples[++sample_count] = sprintf("\"case\": \"%s\", \"round\": %s, \"place\": %s, \"column\": \"%s\", " \
        "\"result\": %s, \"before_ns\": %s, \"account_ns\": %s, \"right\": %s",
        $1, $2, $3, $4, $5, $6, $7, reason == "" ? "true" : "false")
    if (reason != "") next
    right[$1]++
    time[$1, $4, $2] = $7
}

END {
    print_times()
    print_ratios()
    for (i = 1; i <= wrong_count; i++) print_wrong(wrongs[i], reasons[i])
    if (json != "") write_json()
    exit wrong_count > 0
}

# What is wrong with this sample; nothing if it is as expected.
function wrong(   job, n, paths, i) {
    if (!(($1, $4) in result_of)) return "not a column of this case"
    if ($5 != result_of[$1, $4]) return "result " $5 ", not " result_of[$1, $4]
    job = job_of[$1, $4]
    if (job == 0 && $8 != "") return "in a cgroup: " $8
    if (job != 0 && $8 == "") return "in no cgroup of job " job
    n = split($8, paths, ";")
    for (i = 1; i <= n; i++)
        if (paths[i] !~ "/job_(" job ")/step_extern(/|$)") return "not in job " job ": " $8
    if (told_of[$1, $4] == "" && $9 != "") return "the user is told: " $9
    if (index($9, told_of[$1, $4]) == 0) return "the user isn't told: " told_of[$1, $4]
    return ""
}

# gather_times(CASE, COLUMN): into values[1..count], sorted.
function gather_times(case_, column,   round) {
    count = 0
    for (round = 1; round <= rounds[case_]; round++)
        if ((case_, column, round) in time) values[++count] = time[case_, column, round]
    sort_values()
}

# gather_ratios(CASE, COLUMN, OTHER): the same of COLUMN/OTHER, each of one round.
function gather_ratios(case_, column, other,   round) {
    count = 0
    for (round = 1; round <= rounds[case_]; round++)
        if ((case_, column, round) in time && (case_, other, round) in time)
            values[++count] = time[case_, column, round] / time[case_, other, round]
    sort_values()
}

function sort_values(   gap, i, j, value) {
    for (gap = int(count / 2); gap > 0; gap = int(gap / 2))
        for (i = gap + 1; i <= count; i++) {
            value = values[i]
            for (j = i; j > gap && values[j - gap] > value; j -= gap) values[j] = values[j - gap]
            values[j] = value
        }
}

function median() {
    return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
}

function percentile(p) { return values[int((count * p + 99) / 100)] }      # nearest rank

function digits(value) { return sprintf(value < 10 ? "%.3f" : value < 100 ? "%.2f" : "%.1f", value) }

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
