# How a row of the fault table runs: logins, what came of them, and what is taken back afterwards. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # options and LAB_DIR come from faults
# shellcheck disable=SC2034 # the bounds are for the rows

# What a login may take, in ms: docs/architecture.md, "Deadlines". NOISE is what a machine with other work may add to
# any of it, and, where nothing has to be waited for, all that a login may take.
readonly STEPS=500 STARTING=300 CONNECT=800 ANSWER=5000 MUNGE=2000 ADOPT=1000 LOGIN=8000 MODULE=10000
# As a part of bin/test the rows are no measurement: whatever else that machine does is given more time.
if [[ $length == short ]]; then readonly NOISE=700; else readonly NOISE=300; fi
readonly STRICT='action_adopt_failure=deny action_generic_failure=deny'
readonly EXTERN=4294967292 PORT=4023 SPOOL=/var/spool/slurmd
readonly STANDIN=/usr/local/lib/lab-standin.py PRELOAD=/usr/local/lib/lab-clock.so
declare -rA UID_OF=([alice]=2001 [bob]=2002 [carol]=2003)

work='' driver='' rows=() coming_from=login notes=() outcomes=() slowest=0

# ---- the table -----------------------------------------------------------------------------------------------------

# row "INJECTED" "EXPECTED" BOUND_MS FUNCTION ARGUMENT…: one more row. The function injects, logs in and says what must
# have come of it; what it does is taken back by `undo`, never by itself.
# core: the same, for a row that --short passes as well.
row() { [[ $length == short ]] || core "$@"; }
core() { rows+=("$(printf '%q ' "$@")"); }

list_rows() {
    local words line
    for line in "${rows[@]}"; do
        eval "words=($line)"
        [[ ! ${words[0]} =~ $only ]] || printf '%-64s  %s\n' "${words[0]}" "${words[1]}"
    done
}

run_rows() {
    local words line last_title=''
    printf '%-7s %-60s | %-44s | %-58s | %s\n' '' injected expected seen 'slowest login'
    for line in "${rows[@]}"; do
        eval "words=($line)"
        [[ ${words[0]} =~ $only ]] || continue
        run_row "${words[@]}"
    done
    ((passed + failed + skipped)) || { echo "faults: no row matches '$only'" >&2; failed=1; }
}

run_row() {
    local injected=$1 expected=$2 bound=$3 verdict=ok
    shift 3
    notes=() outcomes=() figures=() slowest=0 skip_reason='' coming_from=login ssh_options=()
    mark
    "$@"
    take_back
    coming_from=login ssh_options=()
    if [[ -n $skip_reason ]]; then
        skipped=$((skipped + 1))
        printf '%-7s %-60s | %s\n' skipped "$injected" "$skip_reason"
        return
    fi
    ((${#outcomes[@]})) || note "nobody logged in"
    ((slowest <= bound)) || note "the slowest login took $slowest ms of $bound"
    recovers
    if ((${#notes[@]})); then
        verdict=FAILED
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
    printf '%-7s %-60s | %-44s | %-58s | %4d of %d ms\n' "$verdict" "$injected" "$expected" "$(seen_all)" \
        "$slowest" "$bound"
    ((!${#figures[@]})) || printf '            %s\n' "${figures[@]}"
    ((!${#notes[@]})) || {
        printf '        | %s\n' "${notes[@]}"
        on c1 tail -n 5 /var/log/adoptd.log 2>&1 | sed 's/^/        adoptd: /'
    }
}

note() { notes+=("$*"); }
figure() { figures+=("$*"); }
skip() { skip_reason=$*; }

# What was seen, the same ones counted.
seen_all() {
    printf '%s\n' "${outcomes[@]}" | awk '
        { if (!($0 in n)) order[++count] = $0; n[$0]++ }
        END { for (i = 1; i <= count; i++) printf "%s%s%s", (i > 1 ? "; " : ""), (n[order[i]] > 1 ? n[order[i]] "x " : ""), order[i] }'
}

# ---- taking back ---------------------------------------------------------------------------------------------------

undone=()
undo() { undone+=("$(printf '%q ' "$@")"); }
take_back() {
    local i
    for ((i = ${#undone[@]} - 1; i >= 0; i--)); do
        eval "${undone[i]}" >"$work/undo.log" 2>&1 || note "not taken back: ${undone[i]}: $(tail -n 2 "$work/undo.log")"
    done
    undone=()
}

# After the fault all is as before.
recovers() {
    driven alice
    [[ $where == "job_$one" ]] || note "afterwards alice is $where $reason, not in her job"
}

# ---- the cluster ---------------------------------------------------------------------------------------------------

bring_up() {
    local host state=''
    state=$(cluster status 2>/dev/null | head -n 1)
    if [[ $state == "Slurm $slurm" ]]; then
        echo "the cluster that is up in $ADOPTD_LAB_RUN is taken"
    else
        cluster up "${up[@]}" || return
    fi
    if ! on c1 test -x /usr/sbin/adoptd; then
        echo "faults: adoptd is not installed in the cluster: build the package first" >&2
        return 1
    fi
    work=$(mktemp -d)
    # shellcheck source=../../../bin/setup
    (. "$LAB_DIR/../../bin/setup" && packages gcc libc6-dev libpam0g-dev) || return
    gcc -std=c11 -O2 -Wall -Wextra -Werror -o "$work/pamtime" "$LAB_DIR/src/pamtime.c" "$LAB_DIR/src/common.c" -lpam || return
    gcc -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -o "$work/clock.so" "$LAB_DIR/src/clock.c" || return
    for host in login c1 c2; do
        copy_to "$host" "$work/pamtime" /usr/local/sbin/pamtime
        copy_to "$host" "$LAB_DIR/inside/standin.py" "$STANDIN"
        copy_to "$host" "$LAB_DIR/inside/service" /usr/local/sbin/lab-service
    done
    copy_to c1 "$work/clock.so" "$PRELOAD"
    say_to c1 /etc/pam.d/faults "account required pam_adoptd.so service=faults $STRICT"
    say_to c1 /etc/pam.d/faults-peer "account required pam_slurm_adopt.so service=faults-peer nodename=c1 $STRICT"
    cluster pam c1 sshd "account required pam_adoptd.so $STRICT"
    start_driver || return
    start_jobs || return
    storm 8 200 alice bob carol                              # a daemon at work, not one that has just begun
}

copy_to() { cluster on "$1" bash -c 'rm -f "$0"; cat >"$0" && chmod 755 "$0"' "$3" <"$2"; }
say_to() { printf '%s\n' "${@:3}" | cluster on "$1" bash -c 'cat >"$0.new" && mv "$0.new" "$0"' "$2"; }

# alice has one job on c1; carol the older of two on c2 as well, and a newer one; bob has none.
start_jobs() {
    on login scancel --state=RUNNING,PENDING,SUSPENDED --user=alice,bob,carol 2>/dev/null || on login bash -c 'scancel -u alice; scancel -u bob; scancel -u carol'
    wait_for 60 no_steps || { echo "faults: jobs that were there don't end" >&2; return 1; }
    one=$(submit alice -w c1) && both=$(submit carol -N 2 -w c1,c2) && sleep 1 && newest=$(submit carol -w c1)
    bobs=''
    [[ $one && $both && $newest ]]
}

no_steps() { on c1 bash -c '! ss -H -x -l | grep -q -F " '$SPOOL'/c1_"'; }

# bob_has a job, or none: most rows don't care whether he has, and a job takes a while to begin.
bob_has() {
    case $1 in
        job) [[ -n $bobs ]] || bobs=$(submit bob -w c1) ;;
        none) [[ -z $bobs ]] || { cancel "$bobs"; bobs=''; } ;;
    esac
}

# leave HOST NAME COMMAND…: runs it in the host until it is ended.
leave() {
    local host=$1 name=$2
    shift 2
    # shellcheck disable=SC2016
    on "$host" bash -c 'exec 9>&-; mkdir -p /run/faults; rm -f "/run/faults/$0.pid"
        setsid -f bash -c '\''echo $$ >"/run/faults/$0.pid"; exec "$@"'\'' "$0" "$@" >>"/var/log/faults-$0.log" 2>&1' \
        "$name" "$@"
    undo end_left "$host" "$name"
    wait_for 10 on "$host" test -s "/run/faults/$name.pid"
}

# shellcheck disable=SC2016
end_left() {
    on "$1" bash -c 'pid=$(cat "/run/faults/$0.pid") && rm "/run/faults/$0.pid" || exit 0
        kill -KILL "$pid" 2>/dev/null; while [[ -e /proc/$pid ]]; do sleep 0.05; done' "$2"
}

pid_in_c1() { on c1 lab-service "$1" status | cut -d' ' -f2; }
stepd_of() { on c1 pgrep -f "slurmstepd: \[$1.extern\]"; }

# signal_in HOST STOP|KILL|… PID…: and the opposite of STOP is undone.
signal_in() {
    on "$1" kill "-$2" "${@:3}"
    [[ $2 != STOP ]] || undo on "$1" kill -CONT "${@:3}"
}

# Daemons, and what takes it back.
pause() { cluster service "$1" "$2" pause && undo cluster service "$1" "$2" resume; }
stopped() { cluster service "$1" "$2" stop && undo started "$1" "$2"; }
killed() { cluster service "$1" "$2" kill && undo started "$1" "$2"; }
restarted() { cluster service "$1" "$2" stop && started "$1" "$2"; }
started() {
    [[ $(cluster service "$1" "$2" status) == running* ]] || cluster service "$1" "$2" start
    [[ $2 != adoptd ]] || warm
}

# The first logins of a daemon that has just begun are slower: they are no row's.
warm() {
    ready || { note "the daemon doesn't answer"; return 1; }
    driven alice
    driven alice
}

# adoptd_under COMMAND…: restarted with that in front of its command; without when it is taken back.
adoptd_under() {
    adoptd stop
    undo adoptd_again
    on c1 env "LAB_WRAP=$*" lab-service adoptd start
    warm
}
adoptd_again() { adoptd kill; adoptd start; warm; }

# Descriptors, threads and resident KiB of the daemon.
# shellcheck disable=SC2016
footprint() {
    on c1 bash -c 'pid=$(lab-service adoptd status) && pid=${pid#running } && cd "/proc/$pid" &&
        echo "$(ls fd | wc -l) $(ls task | wc -l) $(sed -n "s/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p" status)"'
}

# ---- logins --------------------------------------------------------------------------------------------------------
# Each sets where, reason and ms (of the account phase, as sshd waited for it), and counts for the row.

# mark: lines of syslog from here on are the row's.
mark() { syslog_at=$(on c1 sed -n '$=' /var/log/syslog); }

# module_lines COUNT SECONDS PATTERN: the module's lines since the mark, when there are so many or the time is over.
# shellcheck disable=SC2016
module_lines() {
    on c1 bash -c '
        end=$((SECONDS + $3))
        until lines=$(tail -n "+$(($1 + 1))" /var/log/syslog | grep -aE "pam_adoptd\(.*: (SECURITY: )?login\.(decided|failed) .*$4")
            (($(grep -c . <<<"$lines") >= $2 || SECONDS >= end)); do sleep 0.05; done
        printf "%s\n" "$lines"' module_lines "$syslog_at" "$1" "$2" "$3"
}

# log_in USER [HOST]: by ssh from the host login, or from HOST, where it is a login of its own.
log_in() {
    # shellcheck disable=SC2153 # WHERE: lib/login.sh
    local user=$1 from=${2-login} command=$WHERE out rc began=${EPOCHREALTIME/[.,]/} line
    [[ $from == login ]] || command="ssh -o BatchMode=yes -o ConnectTimeout=30 c1 ${WHERE@Q}"
    mark
    out=$(timeout 60 "$LAB_DIR/cluster" on login runuser -u "$user" -- \
        ssh -o BatchMode=yes -o ConnectTimeout=30 "${ssh_options[@]}" "$([[ $from == login ]] && echo c1 || echo "$from")" "$command" \
        </dev/null 2>&1)
    rc=$?
    ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
    where=$(where_is "$rc" "$out")
    line=$(module_lines 1 3 "user=\"$user\"" | tail -n 1)
    if [[ $line =~ took_ms=([0-9]+) ]]; then ms=${BASH_REMATCH[1]}; fi
    reason=$(reason_in "$line")
    [[ $where != lost && $where != odd ]] || note "$user by ssh: exit $rc: $(tail -n 3 <<<"$out" | tr '\n' ' ')"
    count "$(named "$where") $reason" "$ms"
}

# where_is RC OUTPUT: of a session that has told WHERE.
where_is() {
    local jobs id
    jobs=$(grep -oE 'job_[0-9]+(/[^ ]*)?' <<<"$2" | sort -u)
    id=$(sed -n 's/^SLURM_JOB_ID=//p' <<<"$2" | tr -d '\r')
    if grep -q '^SLURM_JOB_ID=' <<<"$2"; then
        if [[ -z $jobs && -z $id ]]; then echo free
        elif [[ $jobs == "job_$id/step_extern" ]]; then echo "job_$id"
        else echo odd; fi
    elif grep -q 'Access denied by adoptd: ' <<<"$2"; then
        echo out
    else
        echo lost
    fi
}

# reason_in LINE: of the module's line, and whatever of the questions did not go as usual.
reason_in() {
    local found=none word
    if [[ $1 =~ (reason|why)=([a-z_]+) ]]; then found=${BASH_REMATCH[2]}; fi
    # shellcheck disable=SC2013 # each match is one word
    for word in $(grep -oE '(steps|callerid|adopt|membership|caller)=[a-z][a-z_0-9]*' <<<"${1#* detail=}"); do
        case $word in
            adopt=ok | membership=in_step) ;;
            "adopt=$found" | "steps=$found" | "callerid=job_"*) ;;
            *) found+=" $word" ;;
        esac
    done
    echo "$found"
}

# named WHERE: in the words of the table.
named() {
    case $1 in
        "job_$one" | "job_$bobs") echo job ;;
        "job_$newest") echo newest ;;
        "job_$both") echo source ;;
        *) echo "$1" ;;
    esac
}

count() {
    outcomes+=("$1")
    (($2 <= slowest)) || slowest=$2
}

# expect WHERE REASON: of the last login; patterns of the shell.
# shellcheck disable=SC2053
expect() { [[ $where == $1 && $reason == $2 ]] || note "expected $(named "$1") $2, not $(named "$where") $reason"; }

# at_most MS: the last login.
at_most() { ((ms <= $1)) || note "that login took $ms ms, not at most $1"; }
at_least() { ((ms >= $1)) || note "that login took $ms ms, not at least $1: was the fault there?"; }

# ---- logins through the PAM driver ---------------------------------------------------------------------------------
# A forked child of a server on c1 holds the connection and calls PAM, as sshd does; `pamtime` tells more.

start_driver() { # start_driver [COMMAND…]: that in front of it
    local line=''
    exec {listening}< <(exec "$LAB_DIR/cluster" on c1 "$@" pamtime serve "$PORT" 2>&1)
    driver=$!
    read -r -t 20 line <&"$listening" || true
    [[ $line == listening ]] || { echo "faults: pamtime doesn't listen on c1: $line" >&2; return 1; }
}

# driver_under COMMAND…: restarted with that in front of it.
driver_under() {
    end_driver
    undo driver_again
    start_driver "$@"
}
driver_again() { end_driver; start_driver; }

end_driver() {
    [[ -n $driver ]] || return 0
    kill "$driver" 2>/dev/null
    wait "$driver" 2>/dev/null
    on c1 pkill -KILL -x pamtime                             # unshare, and the init of a namespace, hear no SIGTERM
    exec {listening}<&-
    driver=''
}

# through SERVICE AT_ONCE TOTAL USER…: as many logins, by turns; leaves their lines in $work/storm. They come from the host
# login, or, with coming_from=c2, from the one job that carol has there.
through() {
    local service=$1 at_once=$2 total=$3 requests=() user command=(/usr/local/sbin/pamtime storm 10.77.0.11 "$PORT" "$2" "$3")
    shift 3
    for user in "$@"; do requests+=("pam $service $user"); done
    command+=("${requests[@]}")
    [[ $coming_from == login ]] || command=(runuser -u carol -- ssh -o BatchMode=yes "$coming_from" "${command[*]@Q}")
    cluster on login "${command[@]}" </dev/null >"$work/storm" 2>"$work/storm.err" || note "the storm breaks off: $(tail -n 1 "$work/storm.err")"
}

# places: of the logins in $work/storm: where each is, for REQUEST (its number) or all.
places() {
    awk -F '\t' -v request="${1-}" '
        /^#/ || (request != "" && $2 != request) { next }
        $4 == -1 { print "lost"; next }
        $4 != 0 { print ($8 ~ /[Dd]enied/ ? "out" : "odd"); next }
        {
            at = $7; job = ""; split("", jobs)
            while (match(at, /job_[0-9]+\/[a-z_]+/)) { jobs[substr(at, RSTART, RLENGTH)]; at = substr(at, RSTART + RLENGTH) }
            n = 0; for (j in jobs) { n++; job = j }
            print (n == 0 ? "free" : n == 1 && sub(/\/step_extern$/, "", job) ? job : "odd")
        }' "$work/storm"
}

# shellcheck disable=SC2034
slowest_driven() { awk -F '\t' '!/^#/ && $4 != -1 && $6 > most { most = $6 } END { printf "%d\n", most / 1e6 }' "$work/storm"; }

# driven USER: one login. It doesn't count for the row, but through `drive` does.
driven() {
    local line
    mark
    through faults 1 1 "$1"
    where=$(places)
    ms=$(slowest_driven)
    line=$(module_lines 1 3 "user=\"$1\"" | tail -n 1)
    reason=$(reason_in "$line")
}
drive() {
    driven "$1"
    count "$(named "$where") $reason" "$ms"
}

# storm AT_ONCE TOTAL USER…: what came of it is told in numbers; sets ms to the slowest's.
storm() {
    mark
    through faults "$@"
    storm_counts "$2"
}

# storm_during AT_ONCE USER… -- COMMAND…: logins without a pause for as long as that takes, 200 at least.
storm_during() {
    local at_once=$1 users=() act total=0
    shift
    while [[ $1 != -- ]]; do users+=("$1"); shift; done
    shift
    mark
    : >"$work/storms"
    "$@" >"$work/act.log" 2>&1 &
    act=$!
    while ((total < 200)) || kill -0 "$act" 2>/dev/null; do
        through faults "$at_once" 50 "${users[@]}"
        grep -v '^#' "$work/storm" >>"$work/storms"
        total=$((total + 50))
        ((total < 20000)) || break
    done
    wait "$act" || note "$*: $(tail -n 1 "$work/act.log")"
    mv "$work/storms" "$work/storm"
    storm_counts "$total"
}

storm_counts() {
    local place
    ms=$(slowest_driven)
    (($(grep -vc '^#' "$work/storm") == $1)) || note "$(grep -vc '^#' "$work/storm") logins of $1 have ended"
    while read -r place; do count "$(named "$place")" 0; done < <(places)
    reasons=$(module_lines "$1" 5 '' | grep -aoE ' (reason|why)=[a-z_]+' | sed 's/.*=//' | sort | uniq -c | sort -rn |
        awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')
    count_nothing "$ms"
}
count_nothing() { (($1 <= slowest)) || slowest=$1; }

# everyone WHERE-REGEX [REQUEST]: all logins of the storm, or of its REQUESTth user.
everyone() {
    local others
    others=$(places "${2-}" | grep -vxE -- "$1" | sort | uniq -c | awk '{ printf "%s %s, ", $1, $2 }')
    [[ -z $others ]] || note "expected all ${2+of user $2 }in $1, but: ${others%, } ($reasons)"
}

# for_reasons REGEX: all logins of the storm. Tells them in the table.
for_reasons() {
    local others
    others=$(tr ',' '\n' <<<"$reasons" | awk '{ print $2 }' | grep -vxE -- "$1")
    [[ -n $reasons && -z $others ]] || {
        note "expected reasons $1 only: $reasons"
        [[ -z $others ]] || note "$(on c1 grep -ahE "login\\.decided .* reason=(${others//$'\n'/|}) " /var/log/adoptd.log | tail -n 3)"
    }
    outcomes+=("($reasons)")
}

happened() { [[ $reasons =~ $1 ]] || note "the fault was not met by any login: $reasons"; }
percentiles() { sed -n 's/^# account_ms //p' "$work/storm"; }
rate() { sed -n 's/^# logins .* rate \([0-9.]*\)$/\1/p' "$work/storm"; }
