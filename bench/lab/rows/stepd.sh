# Rows: slurmstepds that stop, end or lie. bob has one job where he has any; his slurmstepd is the one at fault, and alice
# is somebody else. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one, bobs: lib/rows.sh
# shellcheck disable=SC2034 # coming_from, outcomes, ssh_options: lib/rows.sh

core "another user's slurmstepd stopped" 'job; a slice at most' $((STEPS + NOISE)) other_stepd_stopped
other_stepd_stopped() {
    bob_has job
    signal_in c1 STOP "$(stepd_of "$bobs")"
    log_in alice
    expect "job_$one" only_job
}

core "the user's only slurmstepd stopped" 'out: adoption failed; a slice, once' $((ADOPT + NOISE)) own_stepd_stopped
own_stepd_stopped() {
    bob_has job
    log_in bob                                               # so that it is known whose it is
    expect "job_$bobs" only_job
    signal_in c1 STOP "$(stepd_of "$bobs")"
    log_in bob
    expect out adopt_timed_out
    log_in bob
    expect out adopt_timed_out
    at_most "$NOISE"
}

row "the user's only slurmstepd stopped before anybody asked it" 'out: not known whether there is a job; a slice, once' \
    $((STEPS + NOISE)) unknown_stepd_stopped
unknown_stepd_stopped() {
    bob_has job
    signal_in c1 STOP "$(stepd_of "$bobs")"
    on c1 adoptctl steps --forget-all
    log_in bob
    expect out no_jobs_known
    log_in bob
    expect out no_jobs_known
    at_most "$NOISE"
}

row "the newest job's slurmstepd stopped" 'out: adoption failed; a slice, once' $((ADOPT + NOISE)) newest_stepd_stopped
newest_stepd_stopped() {
    signal_in c1 STOP "$(stepd_of "$newest")"
    log_in carol
    expect out "adopt_timed_out callerid=refused adopt=adopt_timed_out"
    log_in carol
    expect out "adopt_timed_out callerid=refused adopt=adopt_timed_out"
    at_most "$NOISE"
}

row 'the slurmstepd stopped when it is to adopt' 'out: adoption failed; an adopt slice' $((ADOPT + NOISE)) \
    stepd_acts stop adopt_timed_out
core 'the slurmstepd killed while it adopts' 'out: adoption failed' $((100 + NOISE)) stepd_acts kill adopt_step_gone
stepd_acts() {
    local pid
    # Its own job: after this nobody is adopted into it any more.
    bob_has none
    bob_has job
    pid=$(stepd_of "$bobs")
    # One that was killed leaves its socket, and while that is young his next login waits for who may listen yet.
    [[ $1 != kill ]] || undo on c1 rm -f "$SPOOL/c1_$bobs.$EXTERN"
    in_front "$bobs" relay "$SPOOL/c1_$bobs.$EXTERN.away" "$1" "$pid"
    undo no_job_of_bobs "$pid"
    log_in bob
    expect out "$2"
}
no_job_of_bobs() {
    on c1 kill -CONT "$1" 2>/dev/null
    on login scancel "$bobs"
    bobs=''
}

row 'the slurmstepd exits between enumeration and adoption' 'out: adoption failed' "$NOISE" stepd_exits
stepd_exits() {
    bob_has job
    in_front "$bobs" relay "$SPOOL/c1_$bobs.$EXTERN.away" gone
    log_in bob
    expect out adopt_step_gone
}

# in_front JOB HOW ARGUMENT…: a stand-in in the place of the job's slurmstepd.
in_front() {
    local socket=$SPOOL/c1_$1.$EXTERN how=$2
    shift 2
    on c1 mv "$socket" "$socket.away"
    undo on c1 mv "$socket.away" "$socket"
    undo on c1 rm -f "$socket"
    leave c1 stepd python3 "$STANDIN" "$how" "$socket" "$@"
    wait_for 10 on c1 test -S "$socket"
}

# What each question's answer makes of the login. A slurmstepd that hangs up is one that ends: it has no job,
# once it can't be one that is just starting.
while read -r when what bound reason; do
    case $when in hello) question='hello' ;; uid) question="'whose job?'" ;; state) question="'set up?'" ;; add) question="'add pid'" ;; esac
    kind=row
    [[ $what != yes ]] || kind=core
    "$kind" "the slurmstepd answers $question: $what" "out: $reason" $((bound + NOISE)) stepd_answers "$when:$what" "$reason"
done <<TEXT
hello never $STEPS no_jobs_known
hello closes $STARTING no_jobs
hello half $STEPS no_jobs_known
hello cut $STARTING no_jobs
hello garbage 0 no_jobs_known
hello minus 0 no_jobs_known
hello long $STARTING no_jobs
uid never $STEPS no_jobs_known
uid closes $STARTING no_jobs
uid half $STEPS no_jobs_known
uid cut $STARTING no_jobs
uid garbage $STARTING no_jobs
uid minus 0 no_jobs_known
uid long 0 adopt_not_in_step membership=elsewhere
state starting $STARTING adopt_not_in_step membership=elsewhere
add never $ADOPT adopt_timed_out
add closes 0 adopt_step_gone
add half $ADOPT adopt_timed_out
add cut 0 adopt_step_gone
add garbage 0 adopt_unreadable
add minus 0 adopt_refused
add long 0 adopt_not_in_step membership=elsewhere
add yes 0 adopt_not_in_step membership=elsewhere
TEXT
stepd_answers() {
    bob_has job
    in_front "$bobs" stepd "${UID_OF[bob]}" "$1"
    drive bob
    expect out "$2"
    driven alice                                             # who is none of its business
    expect "job_$one" only_job
    at_most $((STEPS + NOISE))
}

core "a slurmstepd's socket served by the user" 'out: not trusted, so no job' "$NOISE" stepd_of_the_user
stepd_of_the_user() {
    bob_has job
    local socket=$SPOOL/c1_$bobs.$EXTERN
    on c1 mv "$socket" "$socket.away"
    undo on c1 mv "$socket.away" "$socket"
    undo on c1 rm -f "$socket"
    on c1 chmod 777 "$SPOOL"
    undo on c1 chmod 755 "$SPOOL"
    leave c1 stepd runuser -u bob -- python3 "$STANDIN" stepd "$socket" "${UID_OF[bob]}" add:yes
    wait_for 10 on c1 test -S "$socket"
    log_in bob
    expect out no_jobs
    on c1 grep -aq "security.stepd_untrusted.*uid=${UID_OF[bob]}" /var/log/adoptd.log || note "no line about the untrusted socket"
}

# ---- jobs that begin and end ---------------------------------------------------------------------------------------

core 'the job ends in the middle of the login' 'job (and ended with it), or out; never free' $((LOGIN + NOISE)) job_ends
job_ends() {
    local job delay rounds=6
    [[ $length != short ]] || rounds=3
    bob_has none
    for ((i = 0; i < rounds; i++)); do
        job=$(submit bob -w c1)
        delay=0.$((i * 12 % 100 / 10))$((i * 12 % 10))
        { sleep "$delay"; on login scancel "$job"; } &
        log_in_briefly bob
        wait "$!"
        [[ $where == "job_$job" ]] && where=job && outcomes[-1]="job $reason"
        [[ $where == job || $where == out || $where == ended ]] || note "cancelled after $delay s: $where $reason"
        wait_for 60 ended "$job"
    done
}
# A session that ends before it has told where it is has been ended with its job.
log_in_briefly() {
    local before=${#notes[@]}
    log_in "$1"
    if [[ $where == lost && $reason == only_job ]]; then
        where=ended
        notes=("${notes[@]:0:before}")
        outcomes[-1]="ended with the job"
    fi
}

core 'a login while the extern step is just starting' 'job or out: no_jobs; never free' $((LOGIN + NOISE)) job_begins
job_begins() {
    local job rounds=6 i
    [[ $length != short ]] || rounds=3
    bob_has none
    for ((i = 0; i < rounds; i++)); do
        job=$(as login bob sbatch --parsable --chdir=/tmp -o /dev/null -w c1 --wrap 'sleep 1200')
        # As soon as its socket is there; in every third round before.
        ((i % 3 == 0)) || on c1 bash -c 'until [[ -e $0 ]]; do sleep 0.002; done' "$SPOOL/c1_$job.$EXTERN"
        driven bob
        [[ $where == "job_$job" ]] && where=job
        count "$where $reason" "$ms"
        [[ $where == job || $where == out && $reason == no_jobs* ]] || note "round $i: $where $reason"
        wait_for 30 running "$job"
        driven bob
        [[ $where == "job_$job" ]] || note "once it runs: $where $reason"
        cancel "$job"
    done
}
