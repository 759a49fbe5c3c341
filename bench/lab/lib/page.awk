# RESULTS.md: awk -v results=DIR -v notes=FILE -f page.awk <VERSIONS
#
# DIR/VERSION holds what results.awk wrote, and about.tsv.

BEGIN { FS = "\t" }

{ versions[++version_count] = $1 }

END {
    print "# Results"
    print ""
    print "Made by `bench/lab/results`, which see; what it prints here is made anew each time, but for the notes at the end"
    print "(`bench/lab/lib/results-notes.md`). Raw figures and plots: [results/](results)."
    print ""
    contents()
    method()
    for (v = 1; v <= version_count; v++) version(versions[v])
    profile()
    print "## Notes"
    print ""
    while ((getline line <notes) > 0) print line
}

function contents(   v, line) {
    for (v = 1; v <= version_count; v++) {
        read_about(versions[v])
        read_verdicts(versions[v])
        printf "- [Slurm %s](#slurm-%s), %s: %d targets met, %d missed, %d not measured%s\n", versions[v], anchor(versions[v]),
            about["date"], verdicts["met"], verdicts["**missed**"], verdicts["not measured"],
            about["quick"] == "yes" ? " (**a quick run: few logins**)" : ""
    }
    print ""
}

function anchor(text) { gsub(/\./, "", text); return text }

function method() {
    print "## Method"
    print ""
    print "One cluster on one machine: real slurmctld, slurmd, slurmstepd, munged from Debian's packages, hosts as namespaces, cgroup v1"
    print "(`bench/lab/cluster help`). A forked child on c1 holds the login's TCP connection, as in sshd, and times `pam_acct_mgmt` alone"
    print "(`bench/lab/src/pamtime.c`); the logins come from another host. In every round each column has one login, in random order:"
    print "`adoptd`; `peer`, which is pam_slurm_adopt; `floor`, no PAM but connect, hello and \"add pid\" with the one slurmstepd"
    print "concerned; `empty`, a PAM stack of pam_permit. Ratios and differences are of one round each: their median, with the quartiles in"
    print "brackets. A 99th percentile is compared with the other's. No adoption waits for the kernel's RCU grace period, which a process"
    print "on c1 sees to (`pamtime.c` says why). A sample counts if PAM's result, the cgroups of the process and what the user is told are"
    print "as expected; a wrong one is printed, and fails the run."
    print ""
    print "- *Source drops.* Each first login comes from an address that nobody has seen before; the next ones all from one address."
    print "- *Callerid answered.* The slurmd's own time is, for each login, that between the last packet of the question and the last of"
    print "  the answer, as captured at the slurmd's interface. All else counts for the login: credentials, connecting, adopting."
    print "- *Extern steps.* The user's own, and for the rest jobs of another user that have nothing but their extern step."
    print "- *Storms.* One process on the login host keeps so many logins under way, each column first in its turn; one storm of each isn't"
    print "  counted. Ratios are of the storms of one turn."
    print "- *Idle.* Once after the time given, when adoptd's next login is the first thing that happens; wakeups are context switches of all"
    print "  threads meanwhile."
    print "- *Memory.* After logins with one job, none, and several, 32 at a time. Private is what is anonymous (RssAnon): the rest are"
    print "  pages of files. For the 48 MB the package's files are copied to a disk and forgotten, so that every page of them that"
    print "  adoptd reads counts for its cgroup, as after a boot."
    print "- *A process that loaded the module.* Private_Clean and Private_Dirty of the child after pam_acct_mgmt, against one with"
    print "  pam_permit."
    print ""
}

function file(version_, name) { return results "/" version_ "/" name }

function read_about(version_,   path) {
    path = file(version_, "about.tsv")
    split("", about)
    while ((getline <path) > 0) about[$1] = $2
    close(path)
}

function read_verdicts(version_,   path) {
    path = file(version_, "figures.tsv")
    split("", verdicts)
    while ((getline <path) > 0) verdicts[$7]++
    close(path)
}

function version(version_,   path, i, cells) {
    read_about(version_)
    print "## Slurm " version_
    print ""
    print about["date"] "; " about["machine"] "; " about["kernel"] "; load " about["load"] "."
    print about["packages"] ", Java " about["java"] "; checkout " about["commit"] ". Not counted: adoptd's first " about["warmup"] \
        " logins in each case, others' first 5."
    print ""
    path = file(version_, "figures.tsv")
    while ((getline <path) > 0) {
        print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " | " $6 " | " $7 " |"
        if ($1 == "case") print "|---|---|---|---|---|---|---|"
    }
    close(path)
    print ""
    print "![How long logins took](results/" version_ "/latency.svg)"
    print ""
    print "![By extern steps on the node](results/" version_ "/steps.svg)"
    print ""
    print "![Many at once](results/" version_ "/storm.svg)"
    print ""
    times(version_)
    daemon(version_)
}

# The times of each case, as quantiles.tsv has them.
function times(version_,   path, i, place, median, q1, q3, p99) {
    path = file(version_, "quantiles.tsv")
    print "The account phase in ms:"
    print ""
    print "| case | steps on the node | | logins | 25 % | median | 75 % | 99 % | right in the case |"
    print "|---|---|---|---|---|---|---|---|---|"
    while ((getline <path) > 0) {
        if ($1 == "case") {
            for (i = 1; i <= NF; i++) place[$i] = i
            continue
        }
        print "| " $1 " | " $3 " | " $2 " | " $4 " | " $place["p25"] " | " $place["p50"] " | " $place["p75"] " | " \
            ($4 < 100 ? "" : $place["p99"]) " | " $5 " |"
    }
    close(path)
    print ""
}

function daemon(version_,   path, starts) {
    path = file(version_, "daemon.tsv")
    print "The daemon:"
    print ""
    print "| | |"
    print "|---|---|"
    while ((getline <path) > 0) {
        if ($1 == "ready_ms") starts = starts (starts == "" ? "" : ", ") sprintf("%.0f", $2)
        else print "| " $1 " | " $2 " |"
    }
    close(path)
    print "| ready after ms | " starts " |"
    print ""
}

# What `bench/lab/profile` found, if it was run.
function profile(   path, kind, shown, ms) {
    read_about("profile")
    if (about["samples"] == "") return
    ms = about["user_ms"] / about["samples"]
    print "## Profile"
    print ""
    print "Made by `bench/lab/profile`, " about["date"] ", Slurm " about["slurm"] ", checkout " about["commit"] ". A login with one job takes the"
    printf "daemon %s ms of processor time in the kernel and %s ms outside it. The latter was sampled every %d µs during %d more logins.\n",
        about["kernel_ms"], about["user_ms"], about["interval_us"], about["logins"]
    print "[The flame graph](results/profile/flame.html) has all of it."
    print ""
    print "| | | ms a login | share |"
    print "|---|---|---|---|"
    path = file("profile", "shares.tsv")
    while ((getline <path) > 0) {
        if ($1 != kind) { kind = $1; shown = 0 }
        if (++shown > 12 || $3 < 0.005 * about["samples"]) continue
        printf "| %s | %s | %.3f | %.1f %% |\n", shown == 1 ? kinds($1) : "", $2, $3 * ms, 100 * $3 / about["samples"]
    }
    close(path)
    print ""
}

function kinds(kind) {
    return kind == "code" ? "whose code runs" : kind == "class" ? "on behalf of adoptd's class" : "thread"
}
