# The files of a new cluster: keys, Slurm's and sshd's settings, PAM. They wait in the run directory, in seed/all for
# every host and seed/HOST for one, and are copied over the host's root when it starts.
# shellcheck shell=bash

# Debian builds Slurm for several slurmds on one machine: cgroups carry the node's name, and the peer finds them (for
# "newest") only if it is told that name. %n is the host.
readonly PEER_LINE='account required pam_slurm_adopt.so service=sshd-peer nodename=%n '\
'action_adopt_failure=deny action_generic_failure=deny'
readonly ADOPTD_LINE='account required pam_adoptd.so action_adopt_failure=deny action_generic_failure=deny'

# write FILE: from standard input, with the folders above it.
write() { mkdir -p "${1%/*}"; cat >"$1"; }

# make_seed VERSION PROLOG_FLAGS DEB EXTRA_SLURM_CONF
make_seed() {
    local version=$1 prolog=$2 deb=$3 extra=$4 all=$LAB_RUN/seed/all host
    mkdir -p "$all"
    for host in "${HOSTS[@]}"; do mkdir -p "$LAB_RUN/seed/$host"; done
    seed_names
    seed_keys
    seed_slurm "$version" "$prolog" "$extra"
    seed_job_container
    seed_sshd "$deb"
    install -D -m 755 "$LAB_DIR/inside/service" "$all/usr/local/sbin/lab-service"
    install -D -m 755 "$LAB_DIR/inside/socket" "$all/usr/local/sbin/lab-socket"
    if [[ -n $deb ]]; then
        for host in "${NODES[@]}"; do install -D -m 644 "$deb" "$LAB_RUN/seed/$host/root/adoptd.deb"; done
    fi
    chmod 700 "$LAB_RUN"/seed/*/root 2>/dev/null || true
}

seed_names() {
    local host
    {
        say "127.0.0.1 localhost"
        say "::1 localhost"
        for host in "${HOSTS[@]}"; do
            say "${ADDRESS[$host]} $host"
            say "${ADDRESS6[$host]} $host-6"                # a name of its own: $host always means IPv4
        done
    } | write "$LAB_RUN/seed/all/etc/hosts"
    # Only there is c2 known as one host with two addresses: nobody goes from c1 to c2 by name.
    sed "s/^${ADDRESS6[c2]} .*/${ADDRESS6[c2]} c2 c2-6/" "$LAB_RUN/seed/all/etc/hosts" |
        write "$LAB_RUN/seed/c1/etc/hosts"
    for host in "${HOSTS[@]}"; do say "$host" | write "$LAB_RUN/seed/$host/etc/hostname"; done
}

seed_keys() {
    local host user uid=2001 dir home
    dir=$LAB_RUN/seed/all
    mkdir -p "$dir/etc/munge" "$dir/etc/ssh"
    dd if=/dev/urandom of="$dir/etc/munge/munge.key" bs=128 count=1 status=none
    chmod 400 "$dir/etc/munge/munge.key"

    for host in "${HOSTS[@]}"; do
        mkdir -p "$LAB_RUN/seed/$host/etc/ssh"
        make_key "$LAB_RUN/seed/$host/etc/ssh/ssh_host_ed25519_key" "root@$host"
        printf '%s,%s,%s-6,%s,[%s]:2222,[%s]:2222,[%s-6]:2222,[%s]:2222 %s\n' \
            "$host" "${ADDRESS[$host]}" "$host" "${ADDRESS6[$host]}" \
            "$host" "${ADDRESS[$host]}" "$host" "${ADDRESS6[$host]}" \
            "$(<"$LAB_RUN/seed/$host/etc/ssh/ssh_host_ed25519_key.pub")"
    done >"$dir/etc/ssh/ssh_known_hosts"

    make_key "$dir/root/.ssh/id_ed25519" root
    cp "$dir/root/.ssh/id_ed25519.pub" "$dir/root/.ssh/authorized_keys"
    chmod 700 "$dir/root/.ssh"
    # /home is one for all hosts, as on most clusters: a job's output can be read on login.
    install -d -m 755 "$LAB_RUN/home"
    for user in "${USERS[@]}"; do
        home=$LAB_RUN/home/$user
        make_key "$home/.ssh/id_ed25519" "$user"
        cp "$home/.ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
        chmod 700 "$home" "$home/.ssh"
        chown -R "$uid:$uid" "$home"
        uid=$((uid + 1))
    done
}

make_key() {
    mkdir -p "${1%/*}"
    ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1"
}

seed_slurm() {
    local version=$1 prolog=$2 extra=$3 etc=$LAB_RUN/seed/all/etc/slurm
    # CPUs and memory are made up (config_overrides): many jobs must fit on a small machine.
    write "$etc/slurm.conf" <<END
ClusterName=lab
SlurmctldHost=login
SlurmUser=slurm
AuthType=auth/munge
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
PrologFlags=$prolog
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
SlurmctldPort=6817
SlurmdPort=6818
SlurmdSpoolDir=/var/spool/slurmd
StateSaveLocation=/var/spool/slurmctld
SlurmctldPidFile=/run/slurmctld.pid
SlurmdLogFile=/var/log/slurmstepd.log
SlurmdPidFile=/run/slurmd.pid
SlurmctldDebug=verbose
SlurmdDebug=debug2
KillWait=3
MinJobAge=60
SchedulerParameters=batch_sched_delay=0,sched_interval=2

SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerNode=256
NodeName=c1 NodeAddr=${ADDRESS[c1]} CPUs=64 RealMemory=65536 State=UNKNOWN
NodeName=c2 NodeAddr=${ADDRESS[c2]} CPUs=64 RealMemory=65536 State=UNKNOWN
PartitionName=lab Nodes=c1,c2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:64
$extra
END
    # The peer's "newest" job is the one with the newest memory cgroup; cores can't be constrained to made-up ones.
    write "$etc/cgroup.conf" <<END
CgroupPlugin=cgroup/v1
CgroupMountpoint=/sys/fs/cgroup
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
ConstrainCores=no
ConstrainDevices=no
$(if [[ $version != 22.05 ]]; then say IgnoreSystemd=yes; fi)
END
}

# Read only when a test asks for jobs with a /tmp of their own, see cluster help.
seed_job_container() {
    write "$LAB_RUN/seed/all/etc/slurm/job_container.conf" <<END
AutoBasePath=true
BasePath=/var/spool/job_container
END
}

seed_sshd() {
    local deb=$1 host service penalties=''
    # From 9.8 on OpenSSH keeps sources waiting that fail often; the lab's only source is one address.
    if has_sshd_session; then penalties='PerSourcePenalties no'; fi
    for service in sshd sshd-peer; do
        write "$LAB_RUN/seed/all/etc/ssh/$service.conf" <<END
# Settings of $service; a test's own in /etc/ssh/$service.d come first, and the first value holds.
Include /etc/ssh/$service.d/*.conf
Port $(if [[ $service == sshd ]]; then say 22; else say 2222; fi)
$(if [[ $service == sshd-peer ]] && has_sshd_session; then say "PAMServiceName sshd-peer"; fi)
PidFile none
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
MaxStartups 1000
MaxSessions 1000
LoginGraceTime 60
$penalties
PrintMotd no
PrintLastLog no
AcceptEnv LANG LC_*
X11Forwarding yes
Subsystem sftp internal-sftp
LogLevel VERBOSE
END
        mkdir -p "$LAB_RUN/seed/all/etc/ssh/$service.d"
        write "$LAB_RUN/seed/all/etc/pam.d/$service" <<END
# The module under test has its line in lab-$service, and nowhere else.
@include common-auth
account required pam_nologin.so
@include common-account
@include lab-$service
session optional pam_keyinit.so force revoke
@include common-session
@include common-password
END
        : | write "$LAB_RUN/seed/all/etc/pam.d/lab-$service"
    done
    for host in "${NODES[@]}"; do
        say "${PEER_LINE/'%n'/$host}" | write "$LAB_RUN/seed/$host/etc/pam.d/lab-sshd-peer"
        if [[ -n $deb ]]; then say "$ADOPTD_LINE" | write "$LAB_RUN/seed/$host/etc/pam.d/lab-sshd"; fi
    done
    # Up to 9.7 the PAM service is the program's name.
    if ! has_sshd_session; then
        mkdir -p "$LAB_RUN/seed/all/usr/sbin"
        ln -s sshd "$LAB_RUN/seed/all/usr/sbin/sshd-peer"
    fi
}

has_sshd_session() { [[ -x $(<"$LAB_RUN/image")/usr/lib/openssh/sshd-session ]]; }
