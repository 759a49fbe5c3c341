# The chroots that hosts are made of: one for each Debian suite, built once, kept outside the repository, never changed.
# shellcheck shell=bash

# Debian's own packages, the peer among them; the rest are a tester's tools. No Java: adoptd brings its own.
readonly IMAGE_PACKAGES=(
    slurmd slurmctld slurm-client libpam-slurm-adopt munge openssh-server openssh-client
    adduser tini busybox xauth
    pamtester procps iproute2 iputils-ping nftables sshpass strace tcpdump python3-minimal
)

# The recipe: its text is part of the image's key, so a changed recipe is a new image. Runs inside the new chroot.
# shellcheck disable=SC2016 # expanded in there
readonly IMAGE_RECIPE='
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d      # packages start no services, here and in the hosts
chmod 755 /usr/sbin/policy-rc.d
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab
apt-get -q -y update
apt-get -q -y install --no-install-recommends "$@"
apt-get -q -y clean
rm -rf /var/lib/apt/lists/*
rm -f /etc/ssh/ssh_host_* /etc/munge/munge.key              # keys are made for each cluster
rm -f /etc/hostname /etc/hosts /etc/resolv.conf
uid=2001
for name in alice bob carol dave erin frank grace; do
    useradd --uid $uid --user-group --no-create-home --shell /bin/bash $name    # homes are made with the cluster
    echo "$name:$name-password" | chpasswd
    uid=$((uid + 1))
done
dpkg-query -W -f "\${Package} \${Version}\n" slurmd openssh-server libpam-slurm-adopt >/etc/lab-versions
'

# Prints "URI KEYRING" of the source that this machine has its own suite from; KEYRING is - if it names none.
machine_source() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    local files=()
    mapfile -t files < <(find /etc/apt -maxdepth 2 \( -name sources.list -o -path '*/sources.list.d/*.list' \
        -o -path '*/sources.list.d/*.sources' \) -type f)
    ((${#files[@]})) || return 1
    awk -v want="$codename" '
        function has(list, word,   n, a, i) {
            n = split(list, a, /[ \t]+/)
            for (i = 1; i <= n; i++) if (a[i] == word) return 1
        }
        function usable(uri) { return uri ~ /^(https?|file|ftp):/ }
        function found(uris, key,   n, a, i) {
            n = split(uris, a, /[ \t]+/)
            for (i = 1; i <= n && !done; i++)
                if (usable(a[i])) { print a[i], (key ~ /^\// ? key : "-"); done = 1 }
        }
        function stanza() {
            if (!done && has(f["types"], "deb") && has(f["suites"], want) && has(f["components"], "main") &&
                tolower(f["enabled"]) !~ /^(no|false|0|off)$/)
                found(f["uris"], f["signed-by"])
            split("", f); last = ""
        }
        FNR == 1 { stanza() }
        FILENAME ~ /\.sources$/ {
            if ($0 ~ /^[ \t]*$/) { stanza(); next }
            if ($0 ~ /^#/) next
            if ($0 ~ /^[ \t]/) { sub(/^[ \t]+/, ""); f[last] = f[last] " " $0; next }
            i = index($0, ":"); last = tolower(substr($0, 1, i - 1)); v = substr($0, i + 1)
            sub(/^[ \t]+/, "", v); sub(/[ \t]+$/, "", v); f[last] = v
            next
        }
        $1 == "deb" {
            line = $0; key = ""
            if (match(line, /\[[^]]*\]/)) {
                options = substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, 1, RSTART - 1) " " substr(line, RSTART + RLENGTH)
                if (match(options, /signed-by=[^ \t,]+/)) key = substr(options, RSTART + 10, RLENGTH - 10)
            }
            n = split(line, a, /[ \t]+/)
            if (!done && a[3] == want) for (i = 4; i <= n; i++) if (a[i] == "main") found(a[2], key)
        }
        END { stanza(); exit !done }
    ' "${files[@]}"
}

# image_path SUITE: where the image is, or will be.
image_path() {
    local key
    key=$(printf '%s\n' "$IMAGE_RECIPE" "${IMAGE_PACKAGES[@]}" | sha256sum)
    printf '%s/%s-%s' "$LAB_CACHE" "$1" "${key:0:12}"
}

# ensure_image SUITE: builds it if it isn't there. What was interrupted keeps its temporary name and is never used.
ensure_image() {
    local suite=$1 image uri keyring work
    image=$(image_path "$suite")
    [[ -d $image ]] && return
    need_commands debootstrap debootstrap awk mawk
    read -r uri keyring < <(machine_source) ||
        skip "found no apt source of this machine's own suite in /etc/apt to build a $suite chroot from"
    install -d -m 755 "$LAB_CACHE"
    exec 8>>"$LAB_CACHE/lock"                                # clusters may share a cache
    flock 8
    if [[ ! -d $image ]]; then
        say "building $image (once; takes a minute or two)"
        find "$LAB_CACHE" -mindepth 1 -maxdepth 1 -name '*.partial.*' -exec rm -rf --one-file-system {} +
        work=$(mktemp -d "$image.partial.XXXXXX")
        chmod 755 "$work"
        # Its own mount and pid namespace: what debootstrap or a package mounts or starts ends with the build, and
        # the build ends with this process.
        setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child --mount-proc -- \
            "$BASH" "$LAB_DIR/cluster" _build "$suite" "$uri" "$keyring" "$work/root" \
            >"$work/log" 2>&1 8>&- 9>&- ||
            { tail -n 15 "$work/log" >&2; die "building $suite failed; all of it is in $work/log"; }
        mv -T "$work/root" "$image"
        rm -rf "$work"
    fi
    exec 8>&-
}

# Runs as pid 1 of the build's namespaces.
build_image() {
    local suite=$1 uri=$2 keyring=$3 root=$4 script options=() signed='' proxy
    script=/usr/share/debootstrap/scripts/$suite
    [[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid   # newer than this machine's debootstrap
    if [[ -r $keyring ]]; then
        options+=("--keyring=$keyring")
        signed="[signed-by=/usr/share/keyrings/lab-${keyring##*/}] "
    fi
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [[ -z ${proxy:-} || $proxy == DIRECT ]] || export http_proxy=$proxy https_proxy=$proxy
    debootstrap --variant=minbase "${options[@]}" "$suite" "$root" "$uri" "$script"
    if [[ -n $signed ]]; then install -m 644 "$keyring" "$root/usr/share/keyrings/lab-${keyring##*/}"; fi
    printf 'deb %s%s %s main\n' "$signed" "$uri" "$suite" >"$root/etc/apt/sources.list"
    # How this machine gets at its source (proxy, dates, retries) holds in there too.
    apt-config dump --format '%F "%v";%n' Acquire |
        grep -E '^Acquire::(https?::Proxy|https?::.*::Proxy|Check-|Retries|https?::Timeout)' \
            >"$root/etc/apt/apt.conf.d/50lab" || true
    mount -t proc proc "$root/proc"
    chroot "$root" /bin/sh -c "$IMAGE_RECIPE" recipe "${IMAGE_PACKAGES[@]}"
}
