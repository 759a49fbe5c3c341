# Rows: slurmd and slurmctld and munged, at the source and on the node. carol has an older job, which is on c2 as well,
# and a newer one; who comes from c2 is in the older. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one, both, newest: lib/rows.sh

core 'nothing' 'job, newest and source; nothing to pay' "$NOISE" nothing
nothing() {
    log_in alice
    expect "job_$one" only_job
    log_in carol
    expect "job_$newest" 'newest_job callerid=refused'
    log_in carol c2
    expect "job_$both" source_job
    bob_has none
    log_in bob
    expect out no_jobs
}

# ---- the source's slurmd -------------------------------------------------------------------------------------------

# The kernel takes the connection for it.
row "the source's slurmd stopped (SIGSTOP)" 'newest; one login pays the time for an answer' $((ANSWER + NOISE)) source_stopped
source_stopped() {
    pause c2 slurmd
    undo forget_sources
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_least "$ANSWER"
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_most "$NOISE"
}

row "the source's slurmd stopped, and at work again" 'source, once the daemon has asked it again by itself' \
    $((ANSWER + NOISE)) source_resumes
source_resumes() {
    pause c2 slurmd
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=timed_out'
    take_back
    sleep 12                                                 # the first pause is 10 s
    log_in carol c2
    expect "job_$both" source_job
    at_most "$NOISE"
}

row "the source's slurmd slow: stopped for 2 s" 'source, each time; nothing is remembered' $((2000 + 2 * NOISE)) source_slow
source_slow() {
    local said
    for _ in 1 2; do
        cluster service c2 slurmd pause
        { sleep 2; cluster service c2 slurmd resume; } &
        log_in carol c2
        wait "$!"
        expect "job_$both" source_job
        at_least 1000
    done
    said=$(on c1 adoptctl sources)
    [[ $said != *10.77.0.12* ]] || note "adoptctl sources calls it silent: $said"
}

# What the daemon remembers of silent sources is the next row's no more.
forget_sources() { on c1 adoptctl sources --forget-all; }

row 'a silent source forgotten by adoptctl' 'newest; the time to connect, nothing, and that again' $((CONNECT + NOISE)) \
    source_forgotten
source_forgotten() {
    local said
    dropped login
    undo forget_sources
    log_in carol
    expect "job_$newest" 'newest_job callerid=timed_out'
    said=$(on c1 adoptctl sources)
    [[ $said == *10.77.0.10* ]] || note "adoptctl sources doesn't name it: $said"
    log_in carol
    at_most "$NOISE"
    on c1 adoptctl sources --forget 10.77.0.10 >/dev/null
    said=$(on c1 adoptctl sources)
    [[ $said != *10.77.0.10* ]] || note "adoptctl sources still names it: $said"
    log_in carol
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_least "$CONNECT"
}

row "the source's slurmd killed" 'newest, a refused port costs nothing' "$NOISE" source_killed
source_killed() {
    killed c2 slurmd
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=refused'
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=refused'
}

row "the source's slurmd restarted" 'source' "$NOISE" source_restarted
source_restarted() {
    restarted c2 slurmd
    log_in carol c2
    expect "job_$both" source_job
}

core "the source drops what comes to the slurmd port" 'newest; one login pays the time to connect' $((CONNECT + NOISE)) source_drops
source_drops() {
    dropped login
    undo forget_sources
    log_in carol
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_least "$CONNECT"
    log_in carol
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_most "$NOISE"
}
dropped() { cluster drop "$1" 6818 on && undo cluster drop "$1" 6818 off; }

row "something else listens on the source's slurmd port" 'newest' "$NOISE" source_else
source_else() {
    leave login http busybox httpd -f -p 6818 -h /usr/share
    wait_for 10 on login bash -c '[[ -n $(ss -H -l -t -n "sport = :6818") ]]'
    log_in carol
    expect "job_$newest" 'newest_job callerid=*'
}

# ---- Slurm's daemons elsewhere -------------------------------------------------------------------------------------

row "the node's own slurmd stopped" 'job, source' "$NOISE" node_slurmd pause
row "the node's own slurmd killed" 'job, source' "$NOISE" node_slurmd killed
row "the node's own slurmd restarted" 'job, source' "$NOISE" node_slurmd restarted
node_slurmd() {
    "$1" c1 slurmd
    log_in alice
    expect "job_$one" only_job
    log_in carol c2
    expect "job_$both" source_job
}

row 'slurmctld stopped' 'job, source' "$NOISE" node_slurmctld pause
row 'slurmctld killed' 'job, source' "$NOISE" node_slurmctld killed
row 'slurmctld restarted' 'job, source' "$NOISE" node_slurmctld restarted
node_slurmctld() {
    "$1" login slurmctld
    log_in alice
    expect "job_$one" only_job
    log_in carol c2
    expect "job_$both" source_job
}

# ---- munged --------------------------------------------------------------------------------------------------------

row "the node's munged stopped" 'job; newest, what a call of munge gets' $((MUNGE + NOISE)) munged_stopped
munged_stopped() {
    pause c1 munged
    log_in alice
    expect "job_$one" only_job
    at_most "$NOISE"
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=no_credentials'
}

row "the node's munged stopped, 100 logins at once that need it" 'newest' $((LOGIN + NOISE)) munged_stopped_storm
munged_stopped_storm() {
    pause c1 munged
    storm 100 100 carol
    everyone "job_$newest"
    for_reasons newest_job
}

# Its socket is still there, where libmunge tries again and again: what a call of munge gets, and then a moment.
core "the node's munged killed" 'job; newest, what a call of munge gets, once' $((MUNGE + NOISE)) munged_killed
munged_killed() {
    killed c1 munged
    log_in alice
    expect "job_$one" only_job
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=no_credentials'
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=no_credentials'
    at_most "$NOISE"
}

row "the node's munged restarted" 'source' "$NOISE" munged_restarted
munged_restarted() {
    restarted c1 munged
    log_in carol c2
    expect "job_$both" source_job
}

row "the node's munged slow: 200 ms a call" 'source, two calls' $((400 + NOISE)) munged_slow 200 "both" source_job
row "the node's munged slow: 700 ms a call" 'source, two calls' $((1400 + NOISE)) munged_slow 700 "both" source_job
munged_slow() {
    on c1 mv /run/munge/munge.socket.2 /run/munge/real
    undo on c1 mv /run/munge/real /run/munge/munge.socket.2
    undo on c1 rm -f /run/munge/munge.socket.2
    leave c1 munge python3 "$STANDIN" munge /run/munge/munge.socket.2 /run/munge/real "$1"
    wait_for 10 on c1 test -S /run/munge/munge.socket.2
    log_in carol c2
    expect "job_${!2}" "$3"
}

row "the node's munged stutters: 150 of 200 ms stopped" 'source or newest, what a call of munge gets' $((2 * MUNGE + NOISE)) \
    munged_stutters
munged_stutters() {
    local pid
    pid=$(pid_in_c1 munged)
    undo on c1 kill -CONT "$pid"
    # shellcheck disable=SC2016
    leave c1 stutter bash -c 'while kill -STOP "$0"; do sleep 0.15; kill -CONT "$0"; sleep 0.05; done' "$pid"
    for _ in 1 2 3; do
        log_in carol c2
        [[ $where$reason == "job_$both"source_job ]] || expect "job_$newest" 'newest_job callerid=no_credentials'
    done
}

row "the source's munged stopped" 'newest, the time for an answer' $((ANSWER + NOISE)) source_munged pause timed_out
row "the source's munged killed" 'newest' $((ANSWER + NOISE)) source_munged killed '*'
source_munged() {
    undo forget_sources
    "$1" c2 munged
    log_in carol c2
    expect "job_$newest" "newest_job callerid=$2"
}
