# Jobs and real logins in a cluster that is up, for whoever tests with them. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2153 # LAB_DIR comes from the file that sources this one

cluster() { "$LAB_DIR/cluster" "$@"; }
on() { cluster on "$@" </dev/null; }
as() { on "$1" runuser -u "$2" -- "${@:3}"; } # as HOST USER COMMAND…

wait_for() { # wait_for SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

# submit USER SBATCH-ARGUMENT…: the job's id, once its extern step answers on c1.
submit() {
    local user=$1 job
    shift
    job=$(as login "$user" sbatch --parsable --chdir=/tmp -o /dev/null -t 60 "$@" --wrap 'sleep 1200') || return
    wait_for 30 running "$job" || echo "job $job does not run" >&2
    echo "$job"
}

# Its slurmstepd listens: one that has adopted may crash at its end (24.11) and leave its socket.
running() { on c1 bash -c "ss -H -x -l | grep -q '_$1\.4294967292 '"; }
ended() { ! running "$1"; }
cancel() { for job in "$@"; do on login scancel "$job"; done; for job in "$@"; do wait_for 60 ended "$job"; done; }

# What a session tells of itself, for the command of login_as.
# shellcheck disable=SC2034 # for others
readonly WHERE='cat /proc/self/cgroup; echo "SLURM_JOB_ID=$SLURM_JOB_ID"'

# login_as USER COMMAND: an ssh login from the host login to c1; its output and messages are what is seen, and its time.
login_as() {
    local began=${EPOCHREALTIME/[.,]/}
    seen=$(timeout 60 "$LAB_DIR/cluster" on login runuser -u "$1" -- ssh -o BatchMode=yes -o ConnectTimeout=30 c1 "$2" </dev/null 2>&1)
    login_rc=$?
    login_ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
    seen+=$'\n'"(exit $login_rc after $login_ms ms)"
}

pam() { cluster pam c1 sshd "$@"; }
adoptd() { cluster service c1 adoptd "$1" >/dev/null; }
ready() { wait_for 30 on c1 adoptctl ping; }
