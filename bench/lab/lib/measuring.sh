# What whoever times logins in a cluster needs: the cluster itself, pamtime on its hosts, jobs, and the cases. Sourced,
# never run; common.sh and probe.sh go before it.
# shellcheck shell=bash
# shellcheck disable=SC2153,SC2154 # LAB_DIR comes from the file that sources this one, its settings too:
#
# version    Slurm's
# deb        adoptd's package for a cluster that is brought up; empty for the newest
# warmup     logins of adoptd before each case that aren't counted
# pause_ms   before each login
# rested     true: no process keeps the kernel from waiting for an RCU grace period, see pamtime.c
# out        where RESULTS.md is; only for write_page
# capturing  true: packets.txt is to tell when c2's slurmd was asked and answered

cluster() { "$LAB_DIR/cluster" "$@"; }

readonly PORT=4022 WARMUP_OTHERS=5
readonly NO_JOBS='you have no active jobs on this node'
readonly SUCCESS=0 PERM_DENIED=6                              # of PAM
readonly EXTERN=4294967292 BATCH=4294967291                   # Slurm's numbers of these steps
readonly FIRST_SOURCE=100 SOURCES_MAX=100                     # login's further addresses, by their last byte

readonly on_login=("$LAB_DIR/cluster" on login)

brought_up='' work='' server='' client='' capture='' dropping='' sources='' debug='' interrupted='' jobs=() columns=()

# ---- the cluster ---------------------------------------------------------------------------------------------------

# Sets brought_up if there was none. A signal meanwhile must not lose that.
ensure_cluster() {
    local state=''
    [[ ! -e $LAB_RUN/state ]] || state=$(<"$LAB_RUN/state")
    if [[ -n $state && $state != *"not ready"* ]] && cluster on c1 true 2>/dev/null; then
        [[ $state == "Slurm $version" ]] || die "the cluster that is up has $state, not $version"
        [[ -z $deb ]] || die "--deb is for a cluster that is brought up; one is up in $LAB_RUN"
        [[ -z $(cluster on login squeue -h) ]] || die "the cluster that is up has jobs, which would tell in the figures"
        return
    fi
    bring_up
}

bring_up() {
    local arguments=(--slurm "$version")
    [[ -z $deb ]] || arguments+=(--deb "$deb")
    trap 'interrupted=yes' INT TERM HUP
    cluster up "${arguments[@]}"
    brought_up=yes
    trap 'exit 1' INT TERM HUP
    [[ -z $interrupted ]] || exit 1
}

# Everything for measuring in a cluster that is up. Sets work, the directory for what is measured.
prepare_cluster() {
    # Made by one at a time, and then its own to remove.
    mkdir "$LAB_RUN/measure" 2>/dev/null ||
        die "somebody else measures in this cluster, or was killed and has left $LAB_RUN/measure"
    work=$LAB_RUN/measure
    install_program pamtime "$work"
    install_services
    quieten_slurmd
    start_server
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local code=$?
    trap - EXIT
    trap '' INT TERM HUP
    set +e
    leave_cluster || code=1
    exit "$code"
}

# Takes down the cluster that was brought up, or leaves the one that was taken as it was. Called again it does nothing.
leave_cluster() {
    local code=0 pid host
    for pid in $client $capture $server; do kill "$pid" 2>/dev/null; done
    client='' capture='' server=''
    if [[ -n $brought_up ]]; then
        cluster down || code=1
    elif [[ -n $work ]]; then
        [[ -z $dropping ]] || cluster drop login 6818 off
        [[ -z $sources ]] || usual_source
        ((!${#jobs[@]})) || end_jobs
        [[ -z $debug ]] || set_debug "$debug"
        cluster on c1 rm -f /etc/pam.d/measure-{adoptd,peer,empty} /usr/local/sbin/pamtime
        for host in login c2; do cluster on "$host" rm -f /usr/local/sbin/pamtime; done
        rm -rf "$work"
    fi
    brought_up='' work='' dropping='' sources='' debug='' jobs=()
    return $code
}

# service= must be the PAM service's own name, or the module lets everybody through.
install_services() {
    write_service empty pam_permit.so
    write_service peer pam_slurm_adopt.so service=measure-peer nodename=c1 \
        action_adopt_failure=deny action_generic_failure=deny
    columns=(peer empty floor)
    if cluster on c1 dpkg-query -W adoptd >/dev/null 2>&1; then
        [[ $(cluster on c1 lab-service adoptd status) == running* ]] || die "adoptd is installed on c1, but doesn't run"
        write_service adoptd pam_adoptd.so service=measure-adoptd \
            action_adopt_failure=deny action_generic_failure=deny
        columns=(adoptd "${columns[@]}")
    else
        say "adoptd isn't installed: its column is left out"
    fi
}

# shellcheck disable=SC2016
write_service() { say "account required ${*:2}" | cluster on c1 bash -c 'cat >"/etc/pam.d/measure-$0"' "$1"; }

# The lab's slurmds log at debug2, and every slurmstepd like its slurmd: more than they would anywhere else, at the
# cost of all columns but the empty one.
quieten_slurmd() {
    local usual
    usual=$(cluster on c1 sed -n 's/^SlurmdDebug=//p' /etc/slurm/slurm.conf)
    if set_debug info >"$work/setdebug.log" 2>&1; then
        debug=$usual
    else
        say "Slurm $version has no way to change it: slurmd and slurmstepd log at $usual, which takes its time"
    fi
}

set_debug() { cluster on login scontrol setdebug "$1" "nodes=c1,c2"; }

# The server ends with this process, or when leave_cluster ends it.
start_server() {
    local line='' awake=()
    [[ $rested == true ]] || awake=(/sys/fs/cgroup/freezer/cgroup.procs)
    exec {listening}< <(exec "$LAB_DIR/cluster" on c1 pamtime serve "$PORT" "${awake[@]}")
    server=$!
    read -r -t 20 line <&"$listening" || true
    [[ $line == listening ]] || die "pamtime doesn't listen on c1"
}

# new_source N: from now on login comes to c1 from an address that nobody has seen before.
# shellcheck disable=SC2016
new_source() {
    (($1 <= SOURCES_MAX)) || die "no address is left"
    sources=yes
    cluster on login bash -c 'ip address add "$1/24" dev eth0 && ip route replace "$0" dev eth0 src "$1"' \
        "${ADDRESS[c1]}" "${ADDRESS[login]%.*}.$((FIRST_SOURCE + $1))"
}

# shellcheck disable=SC2016
usual_source() {
    cluster on login bash -c 'ip route del "$0" dev eth0; ip address flush dev eth0 secondary' "${ADDRESS[c1]}"
    sources=''
}

# Writes the times of what c1 says to c2's slurmd, and that to c1, into packets.txt.
start_capture() {
    [[ $capturing == true ]] || return 0
    : >"$work/tcpdump.log"
    "$LAB_DIR/cluster" on c2 tcpdump -Z root -i eth0 -n -tt --time-stamp-precision nano --immediate-mode -l \
        "tcp port 6818 and host ${ADDRESS[c1]}" >"$work/packets.txt" 2>"$work/tcpdump.log" &
    capture=$!
    wait_until 10 grep -q 'listening on' "$work/tcpdump.log" || die "tcpdump doesn't listen on c2"
}

stop_capture() {
    [[ -n $capture ]] || return 0
    sleep 0.2
    kill "$capture"
    wait "$capture" || true
    capture=''
}

# ---- jobs ----------------------------------------------------------------------------------------------------------

# start_job USER NODE…: sets job. When this returns its steps are there, and the next job is newer by Slurm's whole
# seconds.
start_job() {
    local nodes=${*:2} node
    job=$(cluster on login runuser -u "$1" -- sbatch --parsable --chdir / -o /dev/null -N $(($# - 1)) \
        -w "${nodes// /,}" --wrap 'sleep infinity')
    [[ $job =~ ^[0-9]+$ ]] || die "sbatch says: $job"
    jobs+=("$job")
    for node in $nodes; do
        wait_until 60 has_step "$node" "$job.$EXTERN" || die "job $job doesn't start on $node"
    done
    wait_until 60 has_step "$2" "$job.$BATCH" || die "job $job doesn't start"
    sleep 2
}

# shellcheck disable=SC2317 # called by wait_until
has_step() { cluster on "$1" test -S "/var/spool/slurmd/$1_$2"; }

# A slurmstepd that has adopted lately may crash at its end (24.11) and leave its socket. No case is to find another's.
end_jobs() {
    cluster on login scancel "${jobs[@]}"
    wait_until 120 no_steps || die "jobs ${jobs[*]} don't end"
    cluster on c1 find /var/spool/slurmd -type s -name "c1_*" -delete
    jobs=()
}

# shellcheck disable=SC2016,SC2317 # called by wait_until
no_steps() { cluster on c1 bash -c '[[ -z $(ss -H -x -l | grep -F " /var/spool/slurmd/c1_") ]]'; }

count_extern_steps() { cluster on c1 find /var/spool/slurmd -type s -name "c1_*.$EXTERN" -printf . | wc -c; }

# ---- cases ---------------------------------------------------------------------------------------------------------

# prepare_case NAME WARMUP USER JOB FLOOR_JOB: logins of USER, who must get into JOB, or nowhere if it is none; the
# floor's go into FLOOR_JOB. WARMUP logins of adoptd aren't counted. Sets arguments, for play_rounds, and name.
prepare_case() {
    local of_ours=$2 user=$3 job=$4 floor_job=$5 for_peer=$4 column steps others=$WARMUP_OTHERS
    name=$1 arguments=()
    steps=$(count_extern_steps)
    ((of_ours >= WARMUP_OTHERS)) || others=$((of_ours < 1 ? of_ours : 1))
    # Seen with 26.05.5: of four jobs it took the oldest, of three the second. What it does for that stays the same.
    if [[ $version == 26.05 && $job == "${newest-}" ]]; then for_peer=$any; fi
    for column in "${columns[@]}"; do
        case $column in
            adoptd) arguments+=("adoptd:$of_ours:pam measure-adoptd $user") ;;
            floor) arguments+=("floor:$others:floor /var/spool/slurmd/c1_$floor_job.$EXTERN") ;;
            *) arguments+=("$column:$others:pam measure-$column $user") ;;
        esac
        case $column in
            empty) expect "$name" empty $SUCCESS 0 '' "$steps" ;;
            floor) expect "$name" floor $SUCCESS "$floor_job" '' "$steps" ;;
            *) if [[ $job == none ]]; then
                expect "$name" "$column" $PERM_DENIED 0 "$NO_JOBS" "$steps"
            elif [[ $column == peer ]]; then
                expect "$name" peer $SUCCESS "$for_peer" '' "$steps"
            else
                expect "$name" "$column" $SUCCESS "$job" '' "$steps"
            fi ;;
        esac
    done
}

# expect CASE COLUMN RESULT JOB TOLD STEPS
expect() { (IFS=$'\t'; say "$*") >>"$work/expected.tsv"; }

# play_rounds FIRST ROUNDS CLIENT…: rounds of the case that was prepared, counted from FIRST. CLIENT is how a command is
# run where the user comes from.
play_rounds() {
    local first=$1 rounds=$2
    shift 2
    # In the background, so that a signal needn't wait for all of it; no function, so that $! is the client itself.
    "$@" pamtime login "${ADDRESS[c1]}" "$PORT" "$rounds" "$pause_ms" "${arguments[@]}" >"$work/case.tsv" &
    client=$!
    wait "$client" || die "the logins of '$name' break off"
    client=''
    awk -v name="$name" -v before=$((first - 1)) 'BEGIN { FS = OFS = "\t" } $1 > 0 { $1 += before } { print name, $0 }' \
        "$work/case.tsv" >>"$work/samples.tsv"
}

# measure_case NAME ROUNDS WARMUP USER JOB FLOOR_JOB CLIENT…
measure_case() {
    local name arguments rounds=$2 began=$EPOCHREALTIME
    prepare_case "$1" "${@:3:4}"
    shift 6
    play_rounds 1 "$rounds" "$@"
    case_done
}

case_done() { printf '%5s s  %s\n' "$(seconds_since "$began")" "$name"; }

# measure_cases ROUNDS_WITH_ONE_JOB ROUNDS: each of the cases that `measure help` lists.
measure_cases() {
    local rounds=$2 job first newest='' any
    start_job alice c1
    measure_case "one job" "$1" "$warmup" alice "$job" "$job" "${on_login[@]}"
    measure_case "no job" "$rounds" "$warmup" bob none "$job" "${on_login[@]}"
    end_jobs

    # The one on both nodes first: whoever takes the newest instead of the source's gets the wrong one.
    start_job carol c1 c2
    first=$job
    start_job carol c1
    start_job carol c1
    newest=$job
    any=$(IFS='|'; say "${jobs[*]}")
    if [[ $version == 26.05 ]]; then
        say "Slurm 26.05's peer doesn't always take the newest job: any of the user's is right for it where it should"
    fi
    measure_case "source refuses" "$rounds" "$warmup" carol "$newest" "$newest" "${on_login[@]}"
    measure_drops "$rounds"
    start_capture
    measure_case "source answers" "$rounds" "$warmup" carol "$first" "$first" \
        "${on_login[@]}" runuser -u carol -- srun --jobid "$first" --overlap -N1 -n1 -w c2 --chdir / --
    stop_capture
    end_jobs
}

# Who remembers a silent source pays once: so each first login comes from an address of its own, and for the next ones
# the warm-up is what pays. The peer pays every time, two seconds; it has no part in the next ones.
measure_drops() {
    local rounds=$1 firsts=$(($1 / 30)) round column name arguments began=$EPOCHREALTIME all=("${columns[@]}")
    firsts=$((firsts < 3 ? 3 : firsts > 20 ? 20 : firsts))
    dropping=yes
    cluster drop login 6818 on
    prepare_case "drops, first" 0 carol "$newest" "$newest"
    for ((round = 1; round <= firsts; round++)); do
        new_source "$round"
        play_rounds "$round" 1 "${on_login[@]}"
    done
    usual_source
    case_done
    if [[ ${all[0]} == adoptd ]]; then
        columns=(adoptd empty floor)
        measure_case "drops, next" $((rounds < 100 ? rounds : 100)) 3 carol "$newest" "$newest" "${on_login[@]}"
        columns=("${all[@]}")
    fi
    cluster drop login 6818 off
    dropping=''
}

# ---- afterwards ----------------------------------------------------------------------------------------------------

packages() {
    # shellcheck disable=SC2016
    cluster on c1 dpkg-query -W -f '${Package} ${Version}\n' slurmd libpam-slurm-adopt adoptd 2>/dev/null || true
}

load() { cut -d' ' -f1 /proc/loadavg; }

# Of the checkout, which a package given by --deb need not be from.
commit() {
    git -C "$LAB_DIR" -c safe.directory='*' describe --always --dirty 2>/dev/null || say unknown
}

# Makes RESULTS.md anew, in out.
write_page() {
    local file
    file=$(mktemp "$out/.RESULTS.XXXXXX")
    awk -v results="$out/results" -v notes="$LAB_DIR/lib/results-notes.md" -f "$LAB_DIR/lib/page.awk" >"$file" \
        < <(find "$out/results" -mindepth 2 -maxdepth 2 -name figures.tsv -printf '%h\n' | sed 's,.*/,,' | sort -V)
    chmod 644 "$file"
    mv "$file" "$out/RESULTS.md"
}
