# Rows: who is believed. What the callerid reply's credential has to be is bench/lab/hostile-source's; that a recycled pid is
# never adopted is shown by io.adoptd.kernel.KernelProcessesTest. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one: lib/rows.sh
# shellcheck disable=SC2034 # coming_from, outcomes, ssh_options: lib/rows.sh

row "the daemon's socket owned by a user" 'out: daemon_untrusted' "$NOISE" other_socket "${UID_OF[alice]}" 0
core "the daemon's socket root's, but served by a user" 'out: daemon_untrusted' "$NOISE" other_socket 0 "${UID_OF[alice]}"
row "the daemon's socket owned and served by a user" 'out: daemon_untrusted' "$NOISE" \
    other_socket "${UID_OF[alice]}" "${UID_OF[alice]}"
other_socket() {
    stopped c1 adoptd
    undo on c1 rm -f /run/adoptd/gateway.sock
    leave c1 gateway python3 "$STANDIN" gateway /run/adoptd/gateway.sock "$1" "$2"
    wait_for 10 on c1 test -S /run/adoptd/gateway.sock
    untrusted
}

untrusted() {
    log_in alice
    expect out daemon_untrusted
    on c1 tail -n "+$syslog_at" /var/log/syslog | grep -aq 'pam_adoptd.*SECURITY: login.failed' || note "no security line in syslog"
}

row "the socket's directory to be written by others" 'out: daemon_untrusted' "$NOISE" other_place chmod 777 755
row "the socket's directory a user's" 'out: daemon_untrusted' "$NOISE" other_place chown alice root
row "the socket to be written by others" 'out: daemon_untrusted' "$NOISE" other_place chmod 666 600 /gateway.sock
other_place() {
    on c1 "$1" "$2" "/run/adoptd${4-}"
    undo on c1 "$1" "$3" "/run/adoptd${4-}"
    untrusted
}

row "the socket's directory a link to a good one" 'out: daemon_untrusted' "$NOISE" linked_place
linked_place() {
    on c1 mv /run/adoptd /run/adoptd-real
    undo on c1 mv /run/adoptd-real /run/adoptd
    on c1 ln -s /run/adoptd-real /run/adoptd
    undo on c1 rm -f /run/adoptd
    untrusted
}

row 'an ordinary user asks the daemon' 'not to be reached; with an open socket not_root' "$NOISE" user_asks
user_asks() {
    local said ping=41444F5002020000
    said=$(as c1 bob python3 "$STANDIN" ask /run/adoptd/gateway.sock $ping 2>&1)
    [[ $said == *PermissionError* ]] || note "bob is not kept from the socket: $said"
    on c1 chmod 666 /run/adoptd/gateway.sock
    undo on c1 chmod 600 /run/adoptd/gateway.sock
    said=$(as c1 bob python3 "$STANDIN" ask /run/adoptd/gateway.sock $ping 2>&1)
    [[ $said == 41444f50??ff*$(printf not_root | od -An -tx1 | tr -d " \n")* ]] || note "bob got: $said"
    outcomes+=('not_root')
    on c1 grep -aq "security.peer_refused.*uid=${UID_OF[bob]}" /var/log/adoptd.log || note "no security line"
    said=$(on c1 python3 "$STANDIN" ask /run/adoptd/gateway.sock $ping 2>&1)
    [[ $said == 41444f50??82* ]] || note "root got: $said"
}

core "SLURM_CONF and the like in sshd's own environment" 'job' "$NOISE" sshd_environment
sshd_environment() {
    on c1 bash -c 'mkdir -p /run/evil && printf "NodeName=c1\nSlurmdSpoolDir=/run/evil\nAuthInfo=socket=/run/evil/munge\n" >/run/evil/slurm.conf'
    undo on c1 rm -r /run/evil
    cluster service c1 sshd stop
    undo restarted c1 sshd
    on c1 env SLURM_CONF=/run/evil/slurm.conf MUNGE_SOCKET=/run/evil/munge LD_LIBRARY_PATH=/run/evil TMPDIR=/run/evil HOME=/run/evil \
        JAVA_TOOL_OPTIONS=-version SLURM_JOB_ID=99 lab-service sshd start
    log_in alice
    expect "job_$one" only_job
}

row 'a client that sends SLURM_JOB_ID and SLURM_CONF (AcceptEnv *)' "job, and the job's own id" "$NOISE" client_environment
client_environment() {
    on c1 bash -c 'echo "AcceptEnv *" >/etc/ssh/sshd.d/faults.conf'
    undo restarted c1 sshd
    undo on c1 rm -f /etc/ssh/sshd.d/faults.conf
    restarted c1 sshd
    ssh_options=(-o 'SetEnv SLURM_JOB_ID=99 SLURM_CONF=/nowhere')
    log_in alice
    expect "job_$one" only_job
}

row 'who asks is in a pid namespace of its own' 'job: the kernel knows who it is' "$NOISE" caller_in_namespace
caller_in_namespace() {
    driver_under unshare --mount --pid --fork --kill-child --mount-proc
    drive alice
    expect "job_$one" only_job
}

row 'the daemon cannot see who asks (its own pid namespace)' 'out: process_unknown' "$NOISE" daemon_in_namespace
daemon_in_namespace() {
    adoptd_under unshare --mount --pid --fork --kill-child --mount-proc
    log_in alice
    expect out "process_unknown caller=unknown"
}
