# Rows: the node's files and limits: spool directory, slurm.conf, full disks, descriptors. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one: lib/rows.sh

# node_fault REASON: alice is out for it, and root and the daemon's own tool are not.
node_fault() {
    log_in alice
    expect out "$1"
}

# over DIR OPTION…: a filesystem over DIR whose server never answers; with user_id=65534 it is not root's to look at.
# A process that asks it for anything sleeps until its server is gone, as with a mount of a server that died.
# shellcheck disable=SC2016
dead_over() {
    on c1 bash -c '[[ -e /dev/fuse ]] || mknod -m 600 /dev/fuse c 10 229'
    on c1 bash -c 'exec 9>&- 7<>/dev/fuse; mkdir -p /run/faults
        LIBMOUNT_FORCE_MOUNT2=always mount -i -t fuse -o "fd=7,rootmode=40000,user_id=$1,group_id=$1" dead "$0" || exit
        setsid -f bash -c '\''echo $$ >/run/faults/dead.pid; exec sleep 3600'\'' </dev/null >/dev/null 2>&1' "$1" "$2"
    undo on c1 umount -l "$1"
    undo end_left c1 dead
    wait_for 10 on c1 test -s /run/faults/dead.pid
    on c1 grep -q "^dead $1 fuse" /proc/mounts || note "nothing is mounted over $1"
}

# ---- the spool directory -------------------------------------------------------------------------------------------

core 'the spool directory missing' 'out: spool_unreadable' "$NOISE" spool_missing
spool_missing() {
    on c1 mv "$SPOOL" "$SPOOL.away"
    undo on c1 mv "$SPOOL.away" "$SPOOL"
    node_fault spool_unreadable
}

row 'the spool directory is a file' 'out: spool_unreadable' "$NOISE" spool_file
spool_file() {
    on c1 mv "$SPOOL" "$SPOOL.away"
    undo on c1 mv "$SPOOL.away" "$SPOOL"
    on c1 touch "$SPOOL"
    undo on c1 rm -f "$SPOOL"
    node_fault spool_unreadable
}

row 'the spool directory unreadable, to root as well (EACCES)' 'out: spool_unreadable' "$NOISE" spool_forbidden
spool_forbidden() {
    dead_over "$SPOOL" 65534
    node_fault spool_unreadable
}

core 'the spool directory on a dead mount' 'out: steps_timed_out; a steps slice' $((STEPS + NOISE)) spool_dead
spool_dead() {
    dead_over "$SPOOL" 0
    node_fault steps_timed_out
    node_fault steps_timed_out
}

row 'the spool directory on a dead mount, 200 logins' 'out: steps_timed_out; a steps slice' $((STEPS + 2 * NOISE)) \
    spool_dead_storm
spool_dead_storm() {
    local before after
    before=$(footprint)
    dead_over "$SPOOL" 0
    storm 32 200 alice
    everyone out
    for_reasons steps_timed_out
    after=$(footprint)
    (($(cut -d' ' -f2 <<<"$after") <= $(cut -d' ' -f2 <<<"$before") + 4)) || note "threads: $before, then $after"
}

row 'the spool directory with 500 stale sockets' 'job' $((STEPS + NOISE)) spool_stale 500
row 'the spool directory with 10,000 stale sockets' 'job' $((STEPS + NOISE)) spool_stale 10000
spool_stale() {
    on c1 python3 "$STANDIN" sockets "$SPOOL" c1_9 "$1" ".$EXTERN"
    undo on c1 find "$SPOOL" -name "c1_9*.$EXTERN" -delete
    log_in alice
    expect "job_$one" only_job
    log_in alice
    expect "job_$one" only_job
}

row 'the spool directory with 10,000 files' 'job' "$NOISE" spool_files 10000 "job" only_job
row 'the spool directory with 30,000 files' 'out: spool_unreadable' "$NOISE" spool_files 30000 out spool_unreadable
# shellcheck disable=SC2016
spool_files() {
    on c1 bash -c 'cd "$0" && for ((i = 0; i < $1; i++)); do echo "lab-$i"; done | xargs touch' "$SPOOL" "$1"
    undo on c1 find "$SPOOL" -name 'lab-*' -delete
    drive alice                                              # the first look at so many is the disk's
    log_in alice
    expect "${2/#job/job_$one}" "$3"
}

# ---- slurm.conf ----------------------------------------------------------------------------------------------------

# What somebody writes just now is not read before it has rested for a second.
rest() { sleep 1.3; }

row 'slurm.conf missing' 'out: no_slurm_conf' "$NOISE" conf_missing
conf_missing() {
    on c1 mv /etc/slurm/slurm.conf /etc/slurm/slurm.conf.away
    undo on c1 mv /etc/slurm/slurm.conf.away /etc/slurm/slurm.conf
    rest
    node_fault no_slurm_conf
}

core 'slurm.conf half-written, cut at 25 places' 'job, or out by a fault of the node' "$NOISE" conf_cut
# shellcheck disable=SC2016
conf_cut() {
    local size i cuts=25
    [[ $length != short ]] || cuts=8
    keep_conf
    size=$(on c1 stat -c %s /etc/slurm/slurm.conf)
    for ((i = 0; i < cuts; i++)); do
        on c1 bash -c 'head -c "$0" /etc/slurm/slurm.conf.away >/etc/slurm/slurm.conf' $((size * i / cuts))
        rest
        drive alice
        [[ $where == "job_$one" || $where == out && $reason =~ ^(no_slurm_conf|node_unknown|spool_unreadable) ]] ||
            note "cut at byte $((size * i / cuts)): $where $reason"
    done
}
keep_conf() {
    on c1 cp -p /etc/slurm/slurm.conf /etc/slurm/slurm.conf.away
    undo on c1 mv /etc/slurm/slurm.conf.away /etc/slurm/slurm.conf
}

row 'slurm.conf with bytes that are no text' 'out: a fault of the node' "$NOISE" conf_garbage
conf_garbage() {
    keep_conf
    on c1 bash -c 'head -c 20000 /dev/urandom >/etc/slurm/slurm.conf'
    rest
    node_fault 'no[_d]*'
}

row 'slurm.conf written over and over in place, 200 logins' 'job: it is read once it rests' $((STEPS + NOISE)) \
    conf_rewritten
conf_rewritten() {
    keep_conf
    # shellcheck disable=SC2016
    storm_during 8 alice -- on c1 bash -c 'conf=$(cat /etc/slurm/slurm.conf)
        for i in {1..100}; do printf "%s" "${conf:0:800}" >/etc/slurm/slurm.conf
            printf "%s\n" "${conf:800}" >>/etc/slurm/slurm.conf; sleep 0.02; done'
    everyone "job_$one"
    for_reasons only_job
}

row 'slurm.conf names another spool directory, and this one again' 'out: spool_unreadable, then job' "$NOISE" conf_changed
conf_changed() {
    keep_conf
    on c1 sed -i 's,^SlurmdSpoolDir=.*,SlurmdSpoolDir=/var/spool/elsewhere,' /etc/slurm/slurm.conf
    rest
    node_fault spool_unreadable
    on c1 cp -p /etc/slurm/slurm.conf.away /etc/slurm/slurm.conf
    rest
    log_in alice
    expect "job_$one" only_job
}

row 'slurm.conf on a dead mount' 'out: steps_timed_out; a steps slice' $((STEPS + NOISE)) conf_dead
conf_dead() {
    local began=${EPOCHREALTIME/[.,]/}
    dead_over /etc/slurm 0
    node_fault steps_timed_out
    node_fault steps_timed_out
    began=${EPOCHREALTIME/[.,]/}
    on c1 timeout 20 adoptctl ping >/dev/null
    (((${EPOCHREALTIME/[.,]/} - began) / 1000 < 8000)) || note "adoptctl ping takes more than 8 s"
}

# ---- disks, descriptors --------------------------------------------------------------------------------------------

# The daemon's log and syslog's are on it.
core "the log's disk full" 'job, and lines again once there is room' "$NOISE" disk_full_log
# shellcheck disable=SC2016
disk_full_log() {
    local lines
    adoptd stop
    undo adoptd_again
    on c1 bash -c 'mkdir /var/log/small && mount -t tmpfs -o size=128k small /var/log/small && mv /var/log/adoptd.log /var/log/adoptd.log.away &&
        ln -s small/adoptd.log /var/log/adoptd.log'
    undo on c1 bash -c 'cat /var/log/small/adoptd.log >>/var/log/adoptd.log.away; umount -l /var/log/small; rmdir /var/log/small
        mv /var/log/adoptd.log.away /var/log/adoptd.log'
    undo adoptd stop
    adoptd start
    warm
    on c1 bash -c 'dd if=/dev/zero of=/var/log/small/fill bs=4k 2>/dev/null; [[ -s /var/log/small/fill ]]' || note "the disk isn't full"
    storm 8 100 alice
    everyone "job_$one"
    on c1 rm /var/log/small/fill
    lines=$(on c1 grep -ac 'Z INFO .*login.decided' /var/log/adoptd.log)
    drive alice
    expect "job_$one" only_job
    wait_for 3 more_lines "$lines" || note "no line in the log after there was room again"
}

more_lines() { (($(on c1 grep -ac 'Z INFO .*login.decided' /var/log/adoptd.log) > $1)); }

row "who reads the daemon's log stopped (a journald that hangs)" 'job' "$NOISE" log_deaf
log_deaf() {
    adoptd_under python3 "$STANDIN" deaf
    storm 16 1000 alice                                      # more lines than a pipe holds
    everyone "job_$one"
    for_reasons only_job
}

row 'the run directory full when the daemon starts' 'out: daemon_absent, job once there is room' "$NOISE" disk_full_run
disk_full_run() {
    adoptd stop
    undo adoptd_again
    on c1 mount -t tmpfs -o size=4k,nr_inodes=2,mode=755 small /run/adoptd
    undo on c1 umount -l /run/adoptd
    on c1 touch /run/adoptd/fill
    on c1 lab-service adoptd start >/dev/null 2>&1 && note "it starts with a full run directory"
    log_in alice
    expect out daemon_absent
    on c1 rm /run/adoptd/fill
    adoptd start
    warm
    log_in alice
    expect "job_$one" only_job
}

core 'no descriptor left for the connection' 'out, within the patience of the module' $((MODULE + NOISE)) descriptors 0
row 'a descriptor for the connection, none for a slurmstepd' 'out, within a steps slice or the module' $((MODULE + NOISE)) \
    descriptors 1
# shellcheck disable=SC2016
descriptors() {
    local pid limit
    pid=$(pid_in_c1 adoptd)
    limit=$(on c1 prlimit --nofile --raw --noheadings -o SOFT,HARD --pid "$pid" | tr -s ' ' ':')
    undo on c1 prlimit --nofile="${limit#:}" --pid "$pid"
    # As many numbers are left below the limit.
    on c1 bash -c 'free=0
        for ((n = 0; ; n++)); do [[ -e /proc/$0/fd/$n ]] || ((free++ < $1)) || break; done
        prlimit --nofile="$n:" --pid "$0"' "$pid" "$1"
    log_in alice
    [[ $where == out ]] || note "expected out, not $where $reason"
    log_in alice
    [[ $where == out ]] || note "expected out, not $where $reason"
}
