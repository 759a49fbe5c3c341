# Programs of src/ in the hosts. Sourced, never run; it needs common.sh and a function cluster.
# shellcheck shell=bash

# install_program NAME DIR: compiles src/NAME.c in DIR and puts it into every host's /usr/local/sbin. It is compiled
# here, for there is no compiler in a host; it needs libc and libpam alone.
install_program() {
    local host name=$1 dir=$2
    need_commands gcc gcc
    [[ -e /usr/include/stdio.h ]] || need_commands /usr/include/stdio.h libc6-dev
    [[ -e /usr/include/security/pam_appl.h ]] || need_commands /usr/include/security/pam_appl.h libpam0g-dev
    gcc -std=c11 -O2 -Wall -Wextra -Werror -o "$dir/$name" "$LAB_DIR/src/$name.c" "$LAB_DIR/src/common.c" -lpam
    for host in "${HOSTS[@]}"; do
        # shellcheck disable=SC2016
        cluster on "$host" bash -c 'cd /usr/local/sbin && cat >"$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0"' \
            "$name" <"$dir/$name"
    done
}
