# What the figures of a run are made of: samples, whether each is right, and statistics over the right ones.
#
# expected.tsv: case, column, result, job (0: none; 1|2: either), what the user must be told (nothing, or a part of it),
#               extern steps on the node
# samples.tsv:  case, then what pamtime prints

BEGIN { FS = "\t"; MS = 1000000 }

# take_expected(): from a line of expected.tsv.
function take_expected() {
    if (!($1 in steps)) cases[++case_count] = $1
    if (!($2 in has_column)) { columns[++column_count] = $2; has_column[$2] = 1 }
    steps[$1] = $6
    result_of[$1, $2] = $3; job_of[$1, $2] = $4; told_of[$1, $2] = $5
}

# take_sample(): from a line of samples.tsv; why it is wrong, or nothing. A warm-up must be right, but isn't counted.
function take_sample(   reason) {
    reason = wrong()
    if (reason != "") { wrongs[++wrong_count] = $0; reasons[wrong_count] = reason }
    if ($2 <= 0) return reason
    asked[$1]++
    if ($2 > rounds[$1]) rounds[$1] = $2
    if (reason != "") return reason
    right[$1]++
    time[$1, $4, $2] = $7
    return ""
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

# The nearest rank.
function percentile(p,   rank) {
    rank = int(count * p / 100)
    if (rank < count * p / 100) rank++
    return values[rank < 1 ? 1 : rank]
}

function digits(value) { return sprintf(value < 10 ? "%.3f" : value < 100 ? "%.2f" : "%.1f", value) }
