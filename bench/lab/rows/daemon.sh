# Rows: adoptd stopped, killed, upgraded under load; clocks; clients that disappear. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one, both, newest: lib/rows.sh

row 'adoptd not there' 'out: daemon_absent' "$NOISE" daemon_absent
daemon_absent() {
    stopped c1 adoptd
    log_in alice
    expect out daemon_absent
}

core 'adoptd stopped (SIGSTOP)' 'out: daemon_late, when the module waits no more' $((MODULE + NOISE)) daemon_late
daemon_late() {
    pause c1 adoptd
    log_in alice
    expect out daemon_late
    at_least "$MODULE"
}

row 'adoptd stopped (SIGSTOP), 100 logins at once' 'out: daemon_late, when the module waits no more' $((MODULE + 2 * NOISE)) \
    daemon_late_storm
daemon_late_storm() {
    pause c1 adoptd
    storm 100 100 alice bob
    everyone out
    for_reasons daemon_late
}

# In the middle of so many logins: each gets its verdict, or what action_generic_failure says.
core 'adoptd killed (-9) during 200 logins, started 1 s later' 'job, or out: daemon_*' $((MODULE + NOISE)) \
    daemon_during kill 1 'only_job|daemon_(absent|closed)'
row 'adoptd ended (SIGTERM) during 200 logins, started 1 s later' 'job, or out: daemon_*' $((MODULE + NOISE)) \
    daemon_during stop 1 'only_job|daemon_(absent|closed|refused)'
daemon_during() {
    undo started c1 adoptd
    storm_during 16 alice -- down_and_up "$1" "$2"
    everyone "job_$one|out"
    for_reasons "$3"
    happened daemon_
    happened only_job
}
down_and_up() {
    sleep 0.5
    adoptd "$1"
    sleep "$2"
    adoptd start
}

core 'adoptd restarted during 200 logins, with the socket unit' 'job: none is lost' $((MODULE + NOISE)) socket_restart stop
row 'adoptd killed (-9) during 200 logins, with the socket unit' 'job; only those under way out: daemon_closed' \
    $((MODULE + NOISE)) socket_restart kill
socket_restart() {
    socket_unit
    storm_during 16 alice -- down_and_up "$1" 0
    if [[ $1 == stop ]]; then
        everyone "job_$one"
        for_reasons only_job
    else
        everyone "job_$one|out"
        for_reasons 'only_job|daemon_closed'
        (($(places | grep -c out) <= 16)) || note "more are out than were under way"
    fi
}
# From here on systemd's part is played: the socket outlives the daemon.
socket_unit() {
    on c1 test -e /usr/lib/systemd/system/adoptd.socket || { skip 'the package has no socket unit'; return 1; }
    adoptd stop
    undo adoptd_again
    cluster service c1 adoptd-socket start
    undo cluster service c1 adoptd-socket stop
    undo adoptd stop
    adoptd start
    warm
}

row 'adoptd.conf reloaded 20 times during 200 logins' 'job' $((2 * NOISE)) daemon_reload
daemon_reload() {
    on c1 cp -p /etc/adoptd/adoptd.conf /etc/adoptd/adoptd.conf.away
    undo on c1 adoptctl reload
    undo on c1 mv /etc/adoptd/adoptd.conf.away /etc/adoptd/adoptd.conf
    storm_during 8 alice -- reload_often
    everyone "job_$one"
    for_reasons only_job
}
reload_often() {
    # shellcheck disable=SC2016
    on c1 bash -c 'for i in {1..20}; do echo "steps.timeout = $((400 + i))ms" >/etc/adoptd/adoptd.conf; adoptctl reload || exit; done'
}

row 'a faulty adoptd.conf reloaded' 'refused; all as before' "$NOISE" daemon_reload_faulty
daemon_reload_faulty() {
    on c1 cp -p /etc/adoptd/adoptd.conf /etc/adoptd/adoptd.conf.away
    undo on c1 mv /etc/adoptd/adoptd.conf.away /etc/adoptd/adoptd.conf
    on c1 bash -c 'echo "steps.timeout = never" >>/etc/adoptd/adoptd.conf'
    on c1 adoptctl reload >/dev/null 2>&1 && note "a faulty file is taken"
    log_in alice
    expect "job_$one" only_job
}

row 'adoptd stopped (SIGSTOP) for 1 s during 200 logins' 'job, or out: a slice passed meanwhile' $((1000 + 2 * NOISE)) daemon_pauses
daemon_pauses() {
    undo on c1 true
    storm_during 16 alice -- pause_a_second
    everyone "job_$one|out"
    for_reasons 'only_job|steps_timed_out|adopt_[a-z_]*|daemon_refused|process_unknown|deadline_passed'
    (($(places | grep -c out) <= 16)) || note "more are out than were under way"
}
pause_a_second() { sleep 0.3; adoptd pause; sleep 1; adoptd resume; }

row 'the package upgraded during 200 logins, with the socket unit' 'job: none is lost' $((MODULE + NOISE)) daemon_upgrade
daemon_upgrade() {
    socket_unit || return
    storm_during 8 alice -- upgrade
    everyone "job_$one"
    for_reasons only_job
}

# As its postinst does it under systemd.
upgrade() {
    on c1 dpkg --install /root/adoptd.deb >/dev/null
    adoptd stop
    adoptd start
}

# ---- clocks --------------------------------------------------------------------------------------------------------
# No namespace has a wall clock of its own, so the daemon's is moved by what is preloaded into it (src/clock.c).

row "the node's wall clock jumps a day ahead while a source is silent" 'newest, the time to connect' $((CONNECT + NOISE)) \
    clock_jumps 86400
row "the node's wall clock jumps a day back while a source is silent" 'newest, the time to connect' $((CONNECT + NOISE)) \
    clock_jumps -86400
clock_jumps() {
    local day
    say_to c1 /run/lab-clock-shift 0
    # Nothing of its environment gets through to the daemon but what this file lets in.
    adoptd stop
    undo adoptd_again
    on c1 cp -p /usr/lib/adoptd/java /usr/lib/adoptd/java.away
    undo on c1 mv /usr/lib/adoptd/java.away /usr/lib/adoptd/java
    on c1 sed -i "s,/env -i ,/env -i LD_PRELOAD=$PRELOAD CLOCK_SHIFT=/run/lab-clock-shift ," /usr/lib/adoptd/java
    undo on c1 rm -f /run/lab-clock-shift
    adoptd start
    warm
    dropped login
    { sleep 0.6; say_to c1 /run/lab-clock-shift "$1"; } &
    log_in carol
    expect "job_$newest" 'newest_job callerid=timed_out'
    at_least "$CONNECT"
    wait "$!"
    log_in alice
    expect "job_$one" only_job
    day=$(date -u -d "@$(($(date +%s) + $1))" +%Y-%m-%d)
    on c1 tail -n 1 /var/log/adoptd.log | grep -q "^$day" || note "the daemon's clock has not jumped"
}

row "the source's clock an hour ahead of the node's" 'newest: credentials from another time' $((ANSWER + NOISE)) clock_differs 3600
row "the source's clock an hour behind the node's" 'newest: credentials from another time' $((ANSWER + NOISE)) clock_differs -3600
clock_differs() {
    say_to c2 /run/lab-clock-shift "$1"
    copy_to c2 "$work/clock.so" "$PRELOAD"
    cluster service c2 munged stop
    undo restarted c2 munged
    on c2 env "LAB_WRAP=env LD_PRELOAD=$PRELOAD CLOCK_SHIFT=/run/lab-clock-shift" lab-service munged start
    log_in carol c2
    expect "job_$newest" 'newest_job callerid=*'
}

row "the daemon's monotonic clock is another (time namespace)" 'job' "$NOISE" time_namespace
time_namespace() {
    on c1 unshare --time --monotonic 1000000 --boottime 1000000 --fork true 2>/dev/null || { skip 'no time namespaces here'; return; }
    adoptd_under unshare --time --monotonic 1000000 --boottime 1000000 --fork
    drive alice
    log_in alice
    expect "job_$one" only_job
}

# ---- clients that disappear ----------------------------------------------------------------------------------------

# Each from a source of its own that drops what comes to its slurmd port, so that each login waits.
silent_sources() {
    local i
    dropped login
    forget_sources >/dev/null
    for ((i = 1; i <= $1; i++)); do
        on login ip address add "10.77.0.10$i/24" dev eth0
        undo on login ip address del "10.77.0.10$i/24" dev eth0
    done
}

core 'the ssh client killed while its source is silent, 5 times' 'decided all the same; nothing is left' \
    $((CONNECT + NOISE)) client_gone
client_gone() {
    local before client i
    before=$(footprint)
    silent_sources 5
    for ((i = 1; i <= 5; i++)); do
        mark
        "$LAB_DIR/cluster" on login runuser -u carol -- ssh -b "10.77.0.10$i" -o BatchMode=yes c1 'sleep 100' \
            </dev/null >/dev/null 2>&1 &
        client=$!
        wait_for 5 waiting_for_source || note "no login came to wait"
        # shellcheck disable=SC2016
        on login bash -c 'kill -KILL $(pgrep -u carol -x ssh)' || note "the client had gone already"
        wait "$client" 2>/dev/null
        left_behind "$(module_lines 1 3 'user="carol"')"
    done
    settled "$before"
}
# A connection of the daemon's to a slurmd port that does not answer.
waiting_for_source() { on c1 bash -c '[[ -n $(ss -H -t -n state syn-sent "dport = :6818") ]]'; }

row "the sshd that asks killed while its source is silent, 5 times" 'the login is abandoned, nothing is left' "$NOISE" sshd_gone
sshd_gone() {
    local before i client lines
    before=$(footprint)
    silent_sources 5
    lines=$(on c1 grep -ac login.abandoned /var/log/adoptd.log)
    for ((i = 1; i <= 5; i++)); do
        "$LAB_DIR/cluster" on login runuser -u carol -- ssh -b "10.77.0.10$i" -o BatchMode=yes c1 'sleep 100' \
            </dev/null >/dev/null 2>&1 &
        client=$!
        wait_for 5 waiting_for_source || note "no login came to wait"
        # shellcheck disable=SC2016
        on c1 bash -c 'kill -KILL $(pgrep -f "sshd[a-z-]*: carol")' 2>/dev/null || note "there was no sshd to kill"
        wait "$client" 2>/dev/null
    done
    settled "$before"
    lines=$(($(on c1 grep -ac login.abandoned /var/log/adoptd.log) - lines))
    outcomes+=("$lines abandoned")
    ((lines == 5)) || note "expected 5 abandoned logins, not $lines"
}

# left_behind LINE: what has become of a login whose client is gone.
left_behind() {
    if [[ $1 =~ took_ms=([0-9]+) ]]; then ms=${BASH_REMATCH[1]}; fi
    reason=$(reason_in "$1")
    count "client gone: $reason" "$ms"
    [[ $reason == newest_job* ]] || note "the login whose client is gone: $1"
}

# settled FOOTPRINT: the daemon has no descriptor more than then, and carol no process on c1 outside her jobs' own.
settled() {
    wait_for 10 as_few_descriptors "$1" || note "descriptors, threads, KiB: $1 before, $(footprint) after"
    wait_for 10 on c1 bash -c '! pgrep -u carol -f "sshd|sleep 100"' || note "a process of carol's is left"
    figure "the daemon's descriptors, threads, KiB: $1 before, $(footprint) after"
}
as_few_descriptors() { (($(footprint | cut -d' ' -f1) <= ${1%% *})); }
