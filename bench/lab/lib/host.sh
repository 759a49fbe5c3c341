# A host: a process in namespaces of its own over an overlay of the image. Ending its pid 1 ends all of it.
# shellcheck shell=bash
# shellcheck disable=SC2153 # LAB_DIR, HOSTS and the like come from cluster and common.sh

# ---- cgroups -------------------------------------------------------------------------------------------------------
# Each host gets a cgroup namespace rooted at /NAME/HOST of every hierarchy, so what Slurm makes is below /NAME.

cgroup_name() {
    if [[ $LAB_RUN == /run/adoptd-lab ]]; then
        printf adoptd-lab
    else
        printf 'adoptd-lab-%s' "$(cksum <<<"$LAB_RUN" | cut -d' ' -f1)"
    fi
}

# One line for each hierarchy of this machine: "MOUNTPOINT TYPE OPTIONS", OPTIONS as mount -o wants them, - for none.
hierarchies() {
    awk '
        FILENAME == "/proc/self/cgroup" { split($0, a, ":"); if (a[2] != "") ours[a[2]] = 1; next }
        {
            split($0, half, " - "); split(half[1], m, " "); split(half[2], s, " ")
            if (m[4] != "/") next
            if (s[1] == "cgroup2" && !seen["2"]++) print m[5], "cgroup2", "-"
            if (s[1] == "cgroup")
                for (o in ours)
                    if (index("," s[3] ",", "," o ",") && !seen[o]++) print m[5], "cgroup", o
        }
    ' /proc/self/cgroup /proc/self/mountinfo
}

require_cgroup_v1() {
    local have need
    have=,$(hierarchies | cut -d' ' -f3 | tr '\n' ','),
    for need in freezer memory cpuset; do
        [[ $have == *,"$need",* ]] ||
            skip "needs cgroup v1's '$need' mounted (hybrid or legacy mode): it is Slurm's cgroup/v1 plugin that runs here"
    done
}

make_cgroups() {
    local name mountpoint _ host file
    name=$(cgroup_name)
    while read -r mountpoint _; do
        mkdir -p "$mountpoint/$name"
        for host in switch "${HOSTS[@]}"; do mkdir -p "$mountpoint/$name/$host"; done
        for host in "" switch "${HOSTS[@]}"; do               # an empty cpuset takes no process
            for file in cpuset.cpus cpuset.mems; do
                [[ -e $mountpoint/$name/$host/$file ]] || continue
                cat "$mountpoint/$file" >"$mountpoint/$name/$host/$file"
            done
        done
    done < <(hierarchies)
}

# Moves the calling shell into HOST's cgroups. Its paths are kept in a file, because every `on` comes by here.
join_cgroups() {
    local file
    while read -r file; do
        echo "$BASHPID" >"$file"
    done <"$LAB_RUN/hosts/$1/cgroups"
}

# Prints the pid of every process in our cgroups, wherever Slurm has put it.
pids_in_cgroups() {
    local name mountpoint _
    name=$(cgroup_name)
    while read -r mountpoint _; do
        [[ -d $mountpoint/$name ]] || continue
        find "$mountpoint/$name" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done < <(hierarchies) | sort -un
}

thaw_cgroups() {
    local name mountpoint _ state
    name=$(cgroup_name)
    while read -r mountpoint _; do
        [[ -d $mountpoint/$name ]] || continue
        while read -r state; do
            [[ $(cat "$state" 2>/dev/null) == THAWED ]] || echo THAWED >"$state" 2>/dev/null || true
        done < <(find "$mountpoint/$name" -name freezer.state 2>/dev/null)
    done < <(hierarchies)
}

# Fails as long as something of them is left.
remove_cgroups() {
    local name mountpoint _ left=0
    name=$(cgroup_name)
    while read -r mountpoint _; do
        [[ -d $mountpoint/$name ]] || continue
        find "$mountpoint/$name" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        [[ ! -d $mountpoint/$name ]] || left=1
    done < <(hierarchies)
    return $left
}

# ---- starting ------------------------------------------------------------------------------------------------------

# A mount namespace can be bind-mounted (job_container/tmpfs does that with a job's) only in an older one, which the
# kernel tells by their numbers. Newer kernels (6.18) number them from a range for each CPU, so a host has to be made on
# the CPU with the lowest range for all its later namespaces to count as younger. Prints that CPU.
oldest_cpu() {
    local cpu best='' file=$LAB_RUN/namespace
    : >"$file"
    for cpu in $(all_cpus); do
        # shellcheck disable=SC2016
        if [[ -z $best ]] || ! taskset -c "$best" unshare --mount sh -c \
            'exec taskset -c "$0" unshare "--mount=$1" true' "$cpu" "$file" 2>/dev/null; then best=$cpu; fi
    done
    printf '%s' "$best"
}

allowed_cpus() { sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$BASHPID/status"; }

all_cpus() {
    local ranges range
    IFS=',' read -r -a ranges <<<"$(allowed_cpus)"
    for range in "${ranges[@]}"; do seq "${range%-*}" "${range#*-}"; done
}

# spawn_host HOST CPU: returns at once. host_is_up tells when it can be entered.
spawn_host() {
    local dir=$LAB_RUN/hosts/$1 name mountpoint _
    name=$(cgroup_name)
    install -d -m 755 "$dir" "$dir/rw" "$dir/root"
    hierarchies >"$dir/hierarchies"                           # seen from a cgroup namespace they look different
    while read -r mountpoint _; do
        printf '%s/%s/%s/cgroup.procs\n' "$mountpoint" "$name" "$1"
    done <"$dir/hierarchies" >"$dir/cgroups"
    (
        exec </dev/null >"$dir/boot.log" 2>&1
        close_inherited
        join_cgroups "$1"
        allowed_cpus >"$dir/cpus"
        exec setsid taskset -c "$2" \
            unshare --net --uts --mount --ipc --pid --cgroup --fork -- "$BASH" "$LAB_DIR/cluster" _boot "$1"
    ) &
    disown "$!"
}

host_is_up() {
    local pid comm
    pid=$(live_pid "$LAB_RUN/hosts/$1/pid") && read -r comm <"/proc/$pid/comm" && [[ $comm == tini ]]
}

# Pid 1 of a new host, in its namespaces but still over the machine's files.
boot_host() {
    local host=$1 dir=$LAB_RUN/hosts/$1 stat root mountpoint type options at name
    root=$dir/root
    # This /proc is still the machine's, so it knows this process by the machine's number.
    read -r stat </proc/self/stat
    printf '%s %s\n' "${stat%% *}" "$(start_time_in "$stat")" >"$dir/pid.new"
    mv "$dir/pid.new" "$dir/pid"

    taskset -pc "$(<"$dir/cpus")" $$

    # What the host writes lives in memory, in its own mount namespace: it is gone when the host is.
    mount -t tmpfs -o mode=755 lab "$dir/rw"
    mkdir "$dir/rw/upper" "$dir/rw/work"
    mount -t overlay -o "lowerdir=$(<"$LAB_RUN/image"),upperdir=$dir/rw/upper,workdir=$dir/rw/work" overlay "$root"
    mount --bind "$LAB_RUN/home" "$root/home"
    mount -t tmpfs -o nosuid,nodev,mode=755 run "$root/run"
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmp "$root/tmp"
    mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"            # the machine's settings can be read; a network
    mount -o remount,bind,ro "$root/proc/sys"                 # namespace's can be set
    mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
    mount -o remount,bind,rw "$root/proc/sys/net"
    make_dev "$root/dev"
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
    mount -t tmpfs -o nosuid,nodev,noexec,mode=755 cgroup "$root/sys/fs/cgroup"
    while read -r mountpoint type options; do
        at=$root/sys/fs/cgroup/${mountpoint##*/}
        mkdir "$at"
        if [[ $type == cgroup2 ]]; then
            mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$at"
        else
            mount -t cgroup -o "nosuid,nodev,noexec,$options" cgroup "$at"
            for name in ${options//,/ }; do                   # cpu,cpuacct is looked for as cpuacct
                [[ $name == *=* || -e $root/sys/fs/cgroup/$name ]] || ln -s "${at##*/}" "$root/sys/fs/cgroup/$name"
            done
        fi
    done <"$dir/hierarchies"

    cp -a "$LAB_RUN/seed/all/." "$LAB_RUN/seed/$host/." "$root/"
    hostname "$host"
    cd "$root" || exit
    mkdir .machine
    pivot_root . .machine
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    hash -r
    umount -l /.machine
    rmdir /.machine
    /usr/local/sbin/lab-service prepare
    exec env -i "PATH=$PATH" tini -- sleep infinity </dev/null >/dev/null 2>&1
}

make_dev() {
    local dev=$1 node name major minor
    mount -t tmpfs -o nosuid,noexec,mode=755 dev "$dev"
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        IFS=: read -r name major minor <<<"$node"
        mknod -m 666 "$dev/$name" c "$major" "$minor"
    done
    mkdir "$dev/pts" "$dev/shm"
    mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=666,mode=620,gid=5 devpts "$dev/pts"
    mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$dev/shm"
    ln -s pts/ptmx "$dev/ptmx"
    ln -s /proc/self/fd "$dev/fd"
    ln -s /proc/self/fd/0 "$dev/stdin"
    ln -s /proc/self/fd/1 "$dev/stdout"
    ln -s /proc/self/fd/2 "$dev/stderr"
}

# ---- the network ---------------------------------------------------------------------------------------------------
# A bridge in a namespace of its own, made and reached through a process that does nothing else. Hosts have an address
# on it and no route anywhere else.

spawn_switch() {
    local dir=$LAB_RUN/hosts/switch name mountpoint _ pid
    name=$(cgroup_name)
    install -d -m 755 "$dir"
    hierarchies | while read -r mountpoint _; do
        printf '%s/%s/switch/cgroup.procs\n' "$mountpoint" "$name"
    done >"$dir/cgroups"
    (
        exec </dev/null >"$dir/boot.log" 2>&1
        close_inherited
        join_cgroups switch
        exec setsid unshare --net -- sleep infinity
    ) &
    pid=$!
    disown "$pid"                                             # its end is no news
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/pid"
    wait_until 10 switch_is_up || die "the switch's namespace didn't come up"
}

switch_is_up() {
    local pid
    pid=$(live_pid "$LAB_RUN/hosts/switch/pid") &&
        [[ $(readlink "/proc/$pid/ns/net") != $(readlink /proc/self/ns/net) && $(<"/proc/$pid/comm") == sleep ]]
}

connect_hosts() {
    local switch host pid
    switch=$(live_pid "$LAB_RUN/hosts/switch/pid")
    {
        say "link set lo up"
        say "link add name lab type bridge"
        say "link set lab up"
        for host in "${HOSTS[@]}"; do
            pid=$(live_pid "$LAB_RUN/hosts/$host/pid")
            say "link add name to-$host type veth peer name eth0 netns $pid"
            say "link set to-$host master lab up"
        done
    } | nsenter -t "$switch" -n ip -batch -
    for host in "${HOSTS[@]}"; do
        pid=$(live_pid "$LAB_RUN/hosts/$host/pid")
        nsenter -t "$pid" -n ip -batch - <<END
link set lo up
link set eth0 up
address add ${ADDRESS[$host]}/24 dev eth0
END
        # A machine may have no IPv6.
        nsenter -t "$pid" -n ip address add "${ADDRESS6[$host]}/64" dev eth0 nodad 2>/dev/null || true
    done
}

# ---- entering and ending -------------------------------------------------------------------------------------------

# enter HOST COMMAND…: becomes that command. When this process is killed, the command gets SIGTERM: a test's timeout
# must leave nothing running behind a pid namespace that it can't see through.
enter() {
    local pid host=$1
    shift
    pid=$(live_pid "$LAB_RUN/hosts/$host/pid") || die "$host isn't up"
    join_cgroups "$host"
    exec nsenter -t "$pid" -m -u -n -i -p -C -- setpriv --pdeathsig TERM -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root \
        SHELL=/bin/bash LANG=C.UTF-8 "TERM=${TERM:-dumb}" "$@"
}

# Ends all processes of the cluster, each by its id.
end_hosts() {
    local host pid pids deadline=$((SECONDS + 20))
    for host in "${HOSTS[@]}" switch; do
        if pid=$(live_pid "$LAB_RUN/hosts/$host/pid"); then kill -KILL "$pid" 2>/dev/null || true; fi
    done
    # Nearly all have gone with their pid 1. What is left was caught halfway through `up`, or sits frozen in a job.
    while :; do
        thaw_cgroups
        mapfile -t pids < <(pids_in_cgroups)
        ((${#pids[@]})) || return 0
        ((SECONDS < deadline)) || return 1
        for pid in "${pids[@]}"; do
            [[ $pid == 0 || $pid == "$$" || $pid == "$BASHPID" ]] || kill -KILL "$pid" 2>/dev/null || true
        done
        sleep 0.05
    done
}
