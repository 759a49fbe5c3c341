# Judges the answers of bench/lab/differential, and prints the table. Input, in this order:
#
#   docs/differences.md   its rows "| D1 | … | what may differ |"
#   jobs.tsv              name, number, inode of its mount namespace, bytes of its memory limit (- if not limited)
#   scenarios.tsv         number, situation, user, from, how, PAM line, expected, differences
#   skipped.tsv           number, why
#   answers.tsv           NUMBER-peer or NUMBER-adoptd, and what pamprobe says (src/pamprobe.c); what else there is to
#                         say, such as whether the session ends; "logged" if the module wrote of its session phase
#
# -v version=24.11 -v host_namespace=INODE. Exit code 1 if a scenario has failed.

BEGIN {
    FS = "\t"
    fields = split("result lines environment job limits mounts end", field, " ")
    column = split("2 3 4 5 6 7 9", at, " ")
}

FILENAME ~ /differences\.md$/ {
    if ($0 !~ /^\| D[0-9]+ \|/) next
    n = split($0, cell, "|")
    id = trim(cell[2])
    may_differ[id] = trim(cell[n - 1])
    if (may_differ[id] !~ /^(result|lines|environment|job|limits|mounts|end)(, (result|lines|environment|job|limits|mounts|end))*$/)
        quit("docs/differences.md: " id ": what may differ is not in its last column: " may_differ[id])
    next
}
FILENAME ~ /jobs\.tsv$/ { name_of[$2] = $1; mounts_of[$1] = $3; memory_of[$1] = $4; next }
FILENAME ~ /scenarios\.tsv$/ { count++; number[count] = $1; scenario[count] = $0; next }
FILENAME ~ /skipped\.tsv$/ { skipped[$1] = $2; next }
FILENAME ~ /answers\.tsv$/ {
    if ($1 in answer) quit("two answers of " $1)
    answer[$1] = $0
    next
}

END {
    if (failed_early) exit 1
    width = "%4s  %-5s  %-14s  %-13s  %-48s  %-34s  %s\n"
    printf width, "", "user", "from", "how", "PAM line", "adoptd", "peer"
    for (i = 1; i <= count; i++) judge(number[i], scenario[i])
    printf "\n%d scenarios, %d same, %d intended differences, %d unintended, %d of adoptd alone\n", count - skips, same,
        intended, unintended, alone
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skips
    exit failed > 0
}

function quit(words) { print "differences.awk: " words > "/dev/stderr"; failed_early = 1; exit 1 }
function trim(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }

function judge(id, line,   s, ours, peers, differing, allowed, made, wrong, verdict, peer_made) {
    split(line, s, "\t")
    if (s[2] != situation) { situation = s[2]; printf "[%s]\n", situation }
    if (id in skipped) {
        skips++
        row(id, s, "skipped: " skipped[id], "")
        return
    }
    ours = answer[id "-adoptd"]; peers = answer[id "-peer"]
    if (s[8] == "-") {
        alone++
        made = ours == "" ? "NO ANSWER" : summary(ours)
        wrong = ours == "" ? "\n" : faults(ours, made, s[7])
        if (wrong == "") passed++
        else { failed++; wrong = "FAILED" wrong shown("adoptd", ours) }
        row(id, s, made, wrong)
        return
    }
    if (ours == "" || peers == "") {
        failed++; unintended++
        row(id, s, ours == "" ? "NO ANSWER" : summary(ours), peers == "" ? "NO ANSWER" : summary(peers))
        return
    }
    differing = compare(ours, peers)
    allowed = active(s[8])
    made = summary(ours); peer_made = summary(peers)
    wrong = faults(ours, made, s[7])
    if (differing == "") {
        same++
        verdict = "same"
        if (required(s[8]) != "") wrong = wrong "\n        does not differ any more: " required(s[8])
    } else {
        verdict = peer_made (peer_made == made ? " (" differing ")" : "")
        if (covered(differing, allowed)) { intended++; verdict = allowed ": " verdict }
        else {
            unintended++
            wrong = wrong "\n        differ, and " (allowed == "" ? "no row allows it" : allowed " doesn't allow it") ": " differing
        }
    }
    if (wrong == "") passed++
    else { failed++; wrong = "\n        FAILED" wrong shown("adoptd", ours) shown("peer", peers) }
    row(id, s, made, verdict wrong)
}

function faults(ours, made, expected,   wrong) {
    if (made != outcome(expected)) wrong = "\n        expected: " outcome(expected)
    if (!tells(ours, expected)) wrong = wrong "\n        expected to tell: " quoted(expected)
    return wrong
}

function row(id, s, made, verdict) { printf width, id, s[3], s[4], s[5], cut(s[6], 48), made, verdict }
function cut(text, most) { return length(text) <= most ? text : substr(text, 1, most - 3) "..." }

function shown(who, line,   a, i, text) {
    split(line, a, "\t")
    text = "\n        " who ":"
    for (i = 1; i <= fields; i++) text = text "\n            " field[i] ": " a[at[i]]
    return text
}

# The fields that differ, divided by ", ".
function compare(ours, peers,   a, b, i, list) {
    split(ours, a, "\t"); split(peers, b, "\t")
    if (denied(a[2]) && denied(b[2]))                         # of two processes that end nobody sees more
        for (i = 4; i <= 7; i++) a[i] = b[i] = ""
    gsub(/Access denied by adoptd: /, "Access denied by PROGRAM: ", a[3])
    gsub(/Access denied by pam_slurm_adopt: /, "Access denied by PROGRAM: ", b[3])
    list = ""
    for (i = 1; i <= fields; i++)
        if (a[at[i]] != b[at[i]]) list = list (list == "" ? "" : ", ") field[i]
    return list
}

function denied(result) { return result == "6" || result == "out" }

# Where the result or the job may be another, all the rest follows from that.
function covered(differing, allowed,   d, i, n, a, m, j, may) {
    if (allowed == "") return 0
    may = ""
    m = split(allowed, a, " ")
    for (j = 1; j <= m; j++) {
        if (!(a[j] in may_differ)) return 0
        may = may ", " may_differ[a[j]]
    }
    if (may ~ /result|job/) return 1
    n = split(differing, d, ", ")
    for (i = 1; i <= n; i++) if (index(may ",", ", " d[i] ",") == 0) return 0
    return 1
}

# "D1 D6? D2@24.11" with 26.05: "D1 D6". required() leaves D6 out.
function active(list,   a, n, i, out) {
    n = split(list, a, " ")
    out = ""
    for (i = 1; i <= n; i++) if (counts(a[i])) out = out (out == "" ? "" : " ") bare(a[i])
    return out
}
function required(list,   a, n, i, out) {
    n = split(list, a, " ")
    out = ""
    for (i = 1; i <= n; i++) if (counts(a[i]) && a[i] !~ /\?/) out = out (out == "" ? "" : " ") bare(a[i])
    return out
}
function bare(token) { sub(/[?@].*/, "", token); return token }
function counts(token,   versions) {
    if (index(token, "@") == 0) return 1
    versions = token
    sub(/.*@/, "", versions)
    return index("," versions ",", "," version ",") > 0
}

# What the list says: out "told" is the outcome out, and the user is told that.
function outcome(expected) { sub(/ *"[^"]*"/, "", expected); return expected }
function quoted(expected) { return match(expected, /"[^"]*"/) ? substr(expected, RSTART + 1, RLENGTH - 2) : "" }
function tells(line, expected,   a) { split(line, a, "\t"); return index(a[3], quoted(expected)) > 0 }

function variable(environment, name,   a, n, i) {
    n = split(environment, a, ";")
    for (i = 1; i <= n; i++) if (index(a[i], name "=") == 1) return substr(a[i], length(name) + 2)
    return ""
}

# The number of the job whose extern step has all of the cgroups; "" if none has any; "?" if it is neither.
function job_of(cgroups,   a, n, i, found, this) {
    if (cgroups == "") return ""
    n = split(cgroups, a, ";")
    found = ""
    for (i = 1; i <= n; i++) {
        this = "?"
        if (match(a[i], /\/job_[0-9]+\/step_extern(\/|$)/)) {
            this = substr(a[i], RSTART + 5, RLENGTH - 5)
            sub(/\/.*/, "", this)
        }
        if (found != "" && found != this) return "?"
        found = this
    }
    return found
}

# What was made of a login, in the words of the list.
function summary(line,   a, job, name, words, told_job, rss, mnt, more) {
    split(line, a, "\t")
    more = a[9] == "" ? "" : ", " a[9]
    if (a[2] ~ /^(hangs|exit|signal|start|ends|stays)/) return a[2] more
    job = job_of(a[5])
    name = job == "" ? "" : job == "?" ? "somewhere: " a[5] : (job in name_of) ? name_of[job] : "job " job
    told_job = variable(a[4], "SLURM_JOB_ID")
    if (a[2] == "0" || a[2] == "0+0" || a[2] == "in") words = name == "" ? "let in" : "in " name
    else if (a[2] == "13") words = "ignored"
    else if (a[2] == "6" || a[2] == "out") words = name == "" ? "out" : "in " name ", but out"
    else words = "error " a[2]
    if (name != "" && words !~ /^in /) words = words ", in " name
    if (words ~ /^out|^error/) return words more

    if (variable(a[4], "DISPLAY") != "") words = words (variable(a[4], "XAUTHORITY") != "" ? ", x11" : ", x11 without XAUTHORITY")
    mnt = a[7]; sub(/^mnt=/, "", mnt); sub(/;.*/, "", mnt)
    rss = a[6]; sub(/^rss=/, "", rss); sub(/;.*/, "", rss)
    if (name != "") {
        if (told_job == "") words = words ", no SLURM_JOB_ID"
        else if (told_job != job) words = words ", SLURM_JOB_ID=" told_job
        if (mnt == host_namespace) words = words ", host's mounts"
        else if (a[7] ~ /;tmp=\/tmp-inst\//) words = words ", pam_namespace's /tmp"
        else if (mnt != mounts_of[name]) words = words ", strange mounts"
        if (memory_of[name] != "-" && rss != memory_of[name] ":" memory_of[name]) words = words ", no limit"
    } else {
        if (told_job != "") words = words ", SLURM_JOB_ID"
        if (mnt != host_namespace) words = words ", strange mounts"
        if (a[10] != "") words = words ", " a[10]             # whom the module leaves alone it doesn't write about
    }
    return words more
}
