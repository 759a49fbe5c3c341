# What every part of the lab shares: names, addresses, messages, the lock. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables here are read by the files that source this one

readonly LAB_RUN=${ADOPTD_LAB_RUN:-/run/adoptd-lab}
readonly LAB_CACHE=${ADOPTD_LAB_CACHE:-/var/cache/adoptd-lab}

readonly HOSTS=(login c1 c2)
readonly NODES=(c1 c2)
declare -rA ADDRESS=([login]=10.77.0.10 [c1]=10.77.0.11 [c2]=10.77.0.12)
declare -rA ADDRESS6=([login]=fd77::10 [c1]=fd77::11 [c2]=fd77::12)
declare -rA SUITE_OF=([22.05]=bookworm [24.11]=trixie [26.05]=forky)
# Their uids are 2001, 2002, …; the password of NAME is NAME-password. image.sh makes them.
readonly USERS=(alice bob carol dave erin frank grace)
readonly SERVICES=(syslog munged slurmctld slurmd sshd sshd-peer adoptd-socket adoptd)

readonly SKIPPED=3                          # exit code: this machine can't do it, which is no failure

say() { printf '%s\n' "$*"; }
die() { printf 'cluster: %s\n' "$*" >&2; exit 1; }
skip() { printf 'cluster: skipped: %s\n' "$*" >&2; exit "$SKIPPED"; }

is_host() { local h; for h in "${HOSTS[@]}"; do [[ $h == "$1" ]] && return; done; return 1; }
is_node() { local h; for h in "${NODES[@]}"; do [[ $h == "$1" ]] && return; done; return 1; }

# seconds_since EPOCHREALTIME: one decimal.
seconds_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/} tenths
    tenths=$(((now - then + 50000) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# wait_until SECONDS COMMAND…: polls; fails when the time is over.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# A pid alone is no identity: it comes back for somebody else. A pid and its start time are one.
start_time() {
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    start_time_in "$stat"
}

# start_time_in STAT: the same from a line of /proc/PID/stat.
start_time_in() {
    local fields
    read -r -a fields <<<"${1##*) }"        # from the 3rd on: the name before them may hold blanks
    printf '%s' "${fields[19]}"
}

# live_pid FILE: prints the pid that FILE ("PID START_TIME") names, if that very process still runs.
live_pid() {
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [[ $(start_time "$pid") == "$start" ]] || return 1
    printf '%s' "$pid"
}

# Closes what was inherited beyond stdin, stdout and stderr: a daemon must not keep a caller's pipe or lock open.
close_inherited() {
    local fd
    for fd in /proc/"$BASHPID"/fd/*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || exec {fd}>&-             # 255 is bash's own: the script
    done
}

# One command at a time changes the cluster. The lock's file goes away with the run directory, so whoever gets the
# lock looks whether the file is still that one.
take_lock() {
    local inode
    # `down` removes the directory with all that is in it.
    [[ $LAB_RUN == /?* ]] || die "ADOPTD_LAB_RUN must be an absolute path"
    [[ -e $LAB_RUN/lock || ! -e $LAB_RUN || -z $(ls -A "$LAB_RUN") ]] ||
        die "$LAB_RUN holds something else than a cluster; ADOPTD_LAB_RUN must name a directory for it alone"
    while :; do
        install -d -m 700 "$LAB_RUN"
        exec 9>>"$LAB_RUN/lock"
        flock -w 300 9 || die "another up or down is at work in $LAB_RUN"
        inode=$(stat -L -c %i /proc/self/fd/9)
        [[ $(stat -c %i "$LAB_RUN/lock" 2>/dev/null) == "$inode" ]] && return
    done
}

require_root() { ((EUID == 0)) || skip "needs root (namespaces, mounts, cgroups)"; }

require_root_on_debian() {
    local id=unknown
    require_root
    [[ -r /etc/os-release ]] && id=$(. /etc/os-release && printf '%s' "${ID:-unknown}")
    [[ $id == debian ]] || skip "needs a Debian machine (debootstrap and its apt source); this one is $id"
}

# need_command COMMAND PACKAGE …: installs the packages of the commands that are missing.
need_commands() {
    local missing=()
    while (($#)); do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    ((${#missing[@]})) || return 0
    say "installing on this machine: ${missing[*]}"
    local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    if ! "${get[@]}" install --no-install-recommends "${missing[@]}" >"$LAB_RUN/apt.log" 2>&1; then
        "${get[@]}" update >>"$LAB_RUN/apt.log" 2>&1 || true          # a machine may never have fetched its lists
        if ! "${get[@]}" install --no-install-recommends "${missing[@]}" >>"$LAB_RUN/apt.log" 2>&1; then
            tail -n 5 "$LAB_RUN/apt.log" >&2
            skip "apt-get can't install ${missing[*]}"
        fi
    fi
}
