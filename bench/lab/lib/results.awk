# The figures that adoptd is held to, from a run of bench/lab/results:
#   awk -f statistics.awk -f results.awk -v out=DIR expected.tsv storms.tsv daemon.tsv memory.tsv packets.txt samples.tsv
#
# storms.tsv:  at once, logins, storm, column, logins per second, 99th percentile in ms
# daemon.tsv:  name, value; ready_ms as often as adoptd was started
# memory.tsv:  what pamtime prints, of requests for memory
# packets.txt: tcpdump's lines of what c2's slurmd was asked and answered
#
# Writes DIR/figures.tsv (a line for each target), DIR/quantiles.tsv and DIR/samples.tsv (some of them). Prints every
# wrong result; exit code 1 if there was one.

FILENAME == ARGV[1] { take_expected(); next }
FILENAME == ARGV[2] { take_storm(); next }
FILENAME == ARGV[3] { if ($1 == "ready_ms") ready[++starts] = $2; else daemon[$1] = $2; next }
FILENAME == ARGV[4] { if ($1 > 0) private[$3, ++privates[$3]] = $6; next }
FILENAME == ARGV[5] { take_packet(); next }
{
    if (take_sample() == "" && $1 == "source answers" && $2 > 0) take_exchange()
}

END {
    write_figures()
    write_quantiles()
    write_samples()
    for (i = 1; i <= wrong_count && i <= 20; i++) print "wrong: " reasons[i] ": " wrongs[i]
    if (wrong_count > 20) print "wrong: " wrong_count - 20 " more"
    exit wrong_count > 0
}

# ---- reading -------------------------------------------------------------------------------------------------------

function take_storm() {
    logins_of[$1] = $2
    if ($3 > storm_count[$1]) storm_count[$1] = $3
    rate[$1, $3, $4] = $5
    p99[$1, $3, $4] = $6
}

# An exchange is a connection: asked is when the last of the question had come, answered when the last of the answer went.
function take_packet(   word, words, client) {
    words = split($0, word, " ")
    if (word[2] != "IP" || word[words - 1] != "length") return
    if (word[5] ~ /\.6818:$/) {
        client = word[3]
        if (word[7] ~ /S/) { exchange[client] = ++exchanges; began[exchanges] = word[1] }
        if (word[words] > 0 && client in exchange) asked_at[exchange[client]] = word[1]
    } else {
        client = substr(word[5], 1, length(word[5]) - 1)
        if (word[words] > 0 && client in exchange) answered_at[exchange[client]] = word[1]
    }
}

# The samples of a case are in the order of time, and so are the exchanges.
function take_exchange(   from, to) {
    from = $10 / 1e9
    to = $11 / 1e9
    while (at + 1 <= exchanges && began[at + 1] < from) at++
    if (at + 1 > exchanges || began[at + 1] > to || !(at + 1 in answered_at)) return
    at++
    slurmd[$4, $2] = (answered_at[at] - asked_at[at]) * 1e9
}

# ---- statistics ----------------------------------------------------------------------------------------------------

function gather_differences(case_, column, other,   round) {
    count = 0
    for (round = 1; round <= rounds[case_]; round++)
        if ((case_, column, round) in time && (case_, other, round) in time)
            values[++count] = time[case_, column, round] - time[case_, other, round]
    sort_values()
}

# gather_slurmd(COLUMN, OWN): the slurmd's own times, or what a login took beyond them.
function gather_slurmd(column, own,   round) {
    count = 0
    for (round = 1; round <= rounds["source answers"]; round++)
        if ((column, round) in slurmd && ("source answers", column, round) in time)
            values[++count] = own ? slurmd[column, round] : time["source answers", column, round] - slurmd[column, round]
    sort_values()
}

# gather_storms(MAP_OF, AT_ONCE, COLUMN, OTHER): of each storm its figure, or the ratio to OTHER's.
function gather_storms(figure, at_once, column, other,   storm, value, base) {
    count = 0
    for (storm = 1; storm <= storm_count[at_once]; storm++) {
        value = figure == "rate" ? rate[at_once, storm, column] : p99[at_once, storm, column]
        base = other == "" ? 1 : figure == "rate" ? rate[at_once, storm, other] : p99[at_once, storm, other]
        if (value > 0 && base > 0) values[++count] = value / base
    }
    sort_values()
}

function gather(list, size,   i) {
    count = 0
    for (i = 1; i <= size; i++) values[++count] = list[i]
    sort_values()
}

function ms_median(case_, column) {
    gather_times(case_, column)
    return count ? median() / MS : ""
}

# ---- figures -------------------------------------------------------------------------------------------------------

function spread(scale, unit) {
    return sprintf("%s%s [%s–%s]", digits(median() / scale), unit, digits(percentile(25) / scale), digits(percentile(75) / scale))
}

# figure(CASE, TARGET, FIGURE, OURS, AGAINST, PEER, MET): FIGURE is nothing if it wasn't measured.
function figure(case_, target, shown, ours, against, peer, met) {
    print case_, target, shown == "" ? "–" : shown, ours == "" ? "–" : ours, against == "" ? "–" : against,
        peer == "" ? "–" : peer, shown == "" ? "not measured" : met ? "met" : "**missed**" >figures
}

function with_unit(value, unit) { return value == "" ? "" : digits(value) " " unit }

function named(name, value) { return value == "" ? "" : name " " value }

# The median of a case as a ratio to the floor's.
function median_to_floor(case_, label, limit,   shown, met) {
    gather_ratios(case_, "adoptd", "floor")
    if (count) { shown = spread(1, " ×"); met = median() <= limit }
    figure(label, "median ≤ " limit " × floor", shown, with_unit(ms_median(case_, "adoptd"), "ms"),
        named("floor", with_unit(ms_median(case_, "floor"), "ms")), with_unit(ms_median(case_, "peer"), "ms"), met)
}

function p99_of(case_, column) {
    gather_times(case_, column)
    return count < 100 ? "" : percentile(99) / MS          # of fewer it is but the greatest
}

function write_figures() {
    OFS = "\t"
    figures = out "/figures.tsv"
    print "case", "target", "figure", "adoptd", "against", "peer", "verdict" >figures
    median_to_floor("one job", "one job", 1.5)
    figure_p99()
    figure_no_job()
    median_to_floor("source refuses", "several jobs, source refuses", 2)
    figure_first_drop()
    median_to_floor("drops, next", "several jobs, source drops: next", 2)
    figure_answered()
    figure_steps()
    figure_storm(32)
    figure_storm(500)
    figure_first("first after start", "first login after start")
    figure_first("first after idle", "first login after " (idle_time()) " idle")
    figure_daemon()
    figure_module()
    close(figures)
}

function figure_p99(   ours, floor, shown) {
    ours = p99_of("one job", "adoptd")
    floor = p99_of("one job", "floor")
    if (ours != "" && floor != "") shown = digits(ours / floor) " ×"
    figure("one job", "99th percentile ≤ 2 × floor's", shown, with_unit(ours, "ms"), named("floor", with_unit(floor, "ms")),
        with_unit(p99_of("one job", "peer"), "ms"), ours <= 2 * floor)
}

function figure_no_job(   shown, met) {
    gather_differences("no job", "adoptd", "empty")
    if (count) { shown = "+ " spread(MS, " ms"); met = median() <= 0.25 * MS }
    figure("no job", "median ≤ empty stack + 0.25 ms", shown, with_unit(ms_median("no job", "adoptd"), "ms"),
        named("empty", with_unit(ms_median("no job", "empty"), "ms")), with_unit(ms_median("no job", "peer"), "ms"), met)
}

# The budget is callerid.timeout's default.
function figure_first_drop(   shown, met, round) {
    gather_times("drops, first", "adoptd")
    if (count) {
        for (round = 1; round <= count; round++) values[round] -= 800 * MS
        shown = "budget + " spread(MS, " ms")
        met = median() <= 5 * MS
    }
    figure("several jobs, source drops: first", "median ≤ budget (800 ms) + 5 ms", shown,
        with_unit(ms_median("drops, first", "adoptd"), "ms"), named("floor", with_unit(ms_median("drops, first", "floor"), "ms")),
        with_unit(ms_median("drops, first", "peer"), "ms"), met)
}

function figure_answered(   shown, met, own, peers) {
    gather_slurmd("peer", 0)
    if (count) peers = with_unit(ms_median("source answers", "peer"), "ms")
    gather_slurmd("peer", 0)
    if (count) peers = peers " (+ " digits(median() / MS) " ms)"
    gather_slurmd("adoptd", 1)
    if (count) own = with_unit(median() / MS, "ms")
    gather_slurmd("adoptd", 0)
    if (count) { shown = "+ " spread(MS, " ms"); met = median() <= 0.5 * MS }
    figure("several jobs, callerid answered", "median ≤ the slurmd's own time + 0.5 ms", shown,
        with_unit(ms_median("source answers", "adoptd"), "ms"), named("slurmd", own), peers, met)
}

function figure_steps(   i, case_, first, last, label, all, column, cell, c, ratio) {
    for (i = 1; i <= case_count; i++) {
        if (cases[i] !~ /^[0-9]+ steps$/) continue
        if (first == "") first = cases[i]
        last = cases[i]
        label = label (label == "" ? "" : ", ") (cases[i] + 0)
        all["adoptd"] = all["adoptd"] arrow(all["adoptd"]) digits(ms_median(cases[i], "adoptd"))
        all["peer"] = all["peer"] arrow(all["peer"]) digits(ms_median(cases[i], "peer"))
        all["floor"] = all["floor"] arrow(all["floor"]) digits(ms_median(cases[i], "floor"))
    }
    if (first == last) return
    ratio = ms_median(last, "adoptd") / ms_median(first, "adoptd")
    figure(label " extern steps on the node", "median with " (last + 0) " ≤ 1.2 × with " (first + 0), digits(ratio) " ×",
        all["adoptd"] " ms", "floor " all["floor"] " ms", all["peer"] " ms", ratio <= 1.2)
}

function arrow(text) { return text == "" ? "" : " → " }

function figure_storm(at_once,   label, shown, met) {
    label = logins_of[at_once] " logins, " at_once " at once"
    gather_storms("rate", at_once, "adoptd", "floor")
    if (count) { shown = spread(1, " ×"); met = median() >= 0.8 }
    figure(label, "≥ 0.8 × the floor's throughput", shown, storm_rate(at_once, "adoptd"), named("floor", storm_rate(at_once, "floor")),
        storm_rate(at_once, "peer"), met)
    shown = ""
    gather_storms("p99", at_once, "adoptd", "floor")
    if (count) { shown = spread(1, " ×"); met = median() <= 1.5 }
    figure(label, "99th percentile ≤ 1.5 × floor's", shown, storm_p99(at_once, "adoptd"), named("floor", storm_p99(at_once, "floor")),
        storm_p99(at_once, "peer"), met)
}

function storm_rate(at_once, column) {
    gather_storms("rate", at_once, column, "")
    return count ? sprintf("%.0f/s", median()) : ""
}

function storm_p99(at_once, column) {
    gather_storms("p99", at_once, column, "")
    return count ? digits(median()) " ms" : ""
}

function figure_first(case_, label,   shown, met) {
    gather_times(case_, "adoptd")
    if (count) {
        shown = with_unit(median() / MS, "ms") (count > 1 ? sprintf(" (median of %d; greatest %s)", count, digits(values[count] / MS)) : "")
        met = median() <= 5 * MS
    }
    figure(label, "≤ 5 ms", shown, with_unit(ms_median(case_, "adoptd"), "ms"),
        named("floor", with_unit(ms_median(case_, "floor"), "ms")), with_unit(ms_median(case_, "peer"), "ms"), met)
}

function idle_time() {
    return !("watched_s" in daemon) ? "being" : daemon["watched_s"] < 60 ? daemon["watched_s"] " s" : daemon["watched_s"] / 60 " min"
}

function mib(kib) { return sprintf("%.1f MB", kib / 1024) }

function figure_daemon(   shown, met, logins, all, started, killed) {
    gather(ready, starts)
    if (count) {
        shown = sprintf("%.2f s (median of %d; greatest %.2f)", median() / 1000, count, values[count] / 1000)
        met = median() <= 500
    }
    figure("daemon: ready after start", "≤ 0.5 s", shown, count ? sprintf("%.2f s", median() / 1000) : "", "", "", met)
    shown = ("VmRSS" in daemon) ? mib(daemon["VmRSS"]) : ""
    logins = all_right("memory")
    figure("daemon: RSS after " logins " logins", "≤ 64 MB", shown, shown, "", "", daemon["VmRSS"] <= 64 * 1024)
    shown = ("RssAnon" in daemon) ? mib(daemon["RssAnon"]) : ""
    figure("daemon: of it private (anonymous)", "≤ 32 MB", shown, shown, "", "", daemon["RssAnon"] <= 32 * 1024)
    shown = ""
    if ("48 MB: started after ms" in daemon) {
        started = daemon["48 MB: started after ms"]
        killed = daemon["48 MB: killed"] > 0
        logins = all_right("48 MB")
        all = all_asked("48 MB")
        met = started != "no" && !killed && logins == all
        shown = started == "no" ? "does not start in a minute" : \
            sprintf("ready after %.0f s; %d of %d logins right, %s", started / 1000, logins, all, killed ? "killed" : "not killed")
    }
    figure("daemon: in a memory cgroup of 48 MB", "it runs", shown,
        shown == "" ? "" : sprintf("%.1f MB anonymous", daemon["48 MB: anonymous bytes"] / 1048576), "", "", met)
    shown = ("wakeups_per_s" in daemon) ? daemon["wakeups_per_s"] " per second" : ""
    figure("daemon: wakeups idle", "≤ 0.5 per second", shown, shown, "", "", daemon["wakeups_per_s"] <= 0.5)
}

# Of the cases whose name begins so.
function all_right(prefix,   i, sum) {
    for (i = 1; i <= case_count; i++) if (index(cases[i], prefix ": ") == 1) sum += right[cases[i]]
    return sum + 0
}

function all_asked(prefix,   i, sum) {
    for (i = 1; i <= case_count; i++) if (index(cases[i], prefix ": ") == 1) sum += asked[cases[i]]
    return sum + 0
}

function private_median(column,   i) {
    count = 0
    for (i = 1; i <= privates[column]; i++) values[++count] = private[column, i]
    sort_values()
    return count ? median() : ""
}

function figure_module(   ours, empty, peer, shown) {
    ours = private_median("adoptd")
    empty = private_median("empty")
    peer = private_median("peer")
    if (ours != "" && empty != "") shown = sprintf("+ %d KB", ours - empty)
    figure("process that loaded the module", "≤ 64 KB more private memory than without", shown, ours == "" ? "" : ours " KB",
        empty == "" ? "" : "pam_permit " empty " KB", peer == "" ? "" : sprintf("%d KB (+ %d KB)", peer, peer - empty),
        ours - empty <= 64)
}

# ---- raw figures ---------------------------------------------------------------------------------------------------

# A line for each case and column: steps on the node, logins, wrong ones, then percentiles in ms.
function write_quantiles(   file, i, j, p, line) {
    file = out "/quantiles.tsv"
    line = "case\tcolumn\tsteps\tlogins\tright_in_case"
    for (p = 0; p <= 100; p++) line = line "\tp" p (p == 99 ? "\tp99.5\tp99.9" : "")
    print line >file
    for (i = 1; i <= case_count; i++)
        for (j = 1; j <= column_count; j++) {
            gather_times(cases[i], columns[j])
            if (!count) continue
            line = cases[i] "\t" columns[j] "\t" steps[cases[i]] "\t" count "\t" right[cases[i]] + 0 " of " asked[cases[i]] + 0
            for (p = 0; p <= 100; p++) {
                line = line "\t" sprintf("%.4g", percentile(p) / MS)
                if (p == 99) line = line sprintf("\t%.4g\t%.4g", percentile(99.5) / MS, percentile(99.9) / MS)
            }
            print line >file
        }
    close(file)
}

# Whole rounds, so that they can be compared; at most 100 of a case, evenly spaced. Storms have none.
function write_samples(   file, i, j, round, step, line, any) {
    file = out "/samples.tsv"
    line = "case\tround"
    for (j = 1; j <= column_count; j++) line = line "\t" columns[j] "_ms"
    print line >file
    for (i = 1; i <= case_count; i++) {
        if (cases[i] ~ /at once$|: /) continue
        step = rounds[cases[i]] > 100 ? rounds[cases[i]] / 100 : 1
        for (any = 1; int(any) <= rounds[cases[i]]; any += step) {
            round = int(any)
            line = cases[i] "\t" round
            for (j = 1; j <= column_count; j++)
                line = line "\t" sample(cases[i], columns[j], round)
            print line >file
        }
    }
    close(file)
}

# In ms; nothing if there is none.
function sample(name, column, round) {
    if (!((name, column, round) in time)) return ""
    return sprintf("%.4g", time[name, column, round] / MS)
}
