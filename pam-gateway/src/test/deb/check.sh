#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the Debian package that was built, as any user and without installing it.
# usage: check.sh [DEB]; needs dpkg-deb, binutils and a JDK's jar. Says "N passed, N failed"; exits with 1 if any did.
set -u
export LC_ALL=C

module=$(cd "$(dirname "$0")/../../.." && pwd)
[ $# -gt 0 ] || set -- "$module"/target/adoptd_*.deb
if [ $# -ne 1 ] || [ ! -f "$1" ]; then
    echo "check.sh: expected one package, not: $*" >&2
    exit 2
fi
deb=$1
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/tree
home=$tree/usr/lib/adoptd
passed=0 failed=0

# check WHAT COMMAND...: passes when the command succeeds; shows what it said when it does not.
check() {
    what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        sed 's/^/    /' "$work/said" | head -n 20
    fi
}

# Nothing on standard input; what there is, is shown.
none() { ! grep .; }

# Standard input, sorted, is what the arguments say, a line each.
exactly() {
    sort >"$work/is"
    printf '%s\n' "$@" | sort | diff - "$work/is"
}

field() { dpkg-deb -f "$deb" "$1"; }

mkdir "$tree" "$work/control" "$work/jars"
dpkg-deb -x "$deb" "$tree" && dpkg-deb -e "$deb" "$work/control" || exit 2
dpkg-deb --fsys-tarfile "$deb" | tar --numeric-owner --full-time -tvf - >"$work/list" || exit 2

case $(field Architecture) in
amd64) triplet=x86_64-linux-gnu machine=X86-64 netty=x86_64 ;;
arm64) triplet=aarch64-linux-gnu machine=AArch64 netty=aarch_64 ;;
*) echo "check.sh: unknown architecture" >&2; exit 2 ;;
esac
pam=$tree/usr/lib/$triplet/security/pam_adoptd.so
version=$(field Version)

# The control part.
named_after_contents() { [ "${deb##*/}" = "adoptd_${version}_$(field Architecture).deb" ]; }
depends_on() { field Depends | tr -d ' ' | tr , '\n' | sed 's/(.*//' | grep -qx "$1"; }
intact() { (cd "$tree" && md5sum --quiet -c "$work/control/md5sums"); }
scripts_parse() { for script in postinst prerm postrm; do sh -n "$work/control/$script" || return; done; }
scripts_leave_pam() { cat "$work/control/postinst" "$work/control/prerm" "$work/control/postrm" | grep pam | none; }
changelog_is_of_version() {
    gzip -cd "$tree/usr/share/doc/adoptd/changelog.gz" | head -n 1 | grep -qF "adoptd ($version) "
}
check "the file's name is package, version and architecture" named_after_contents
check "depends on libc6" depends_on libc6
check "depends on libpam0g" depends_on libpam0g
check "the checksums are those of the files" intact
check "adoptd.conf is the one configuration file" exactly /etc/adoptd/adoptd.conf <"$work/control/conffiles"
check "the maintainer scripts are shell" scripts_parse
check "the maintainer scripts leave PAM alone" scripts_leave_pam
check "the changelog begins with this version" changelog_is_of_version

# Places, owners and modes.
places() {
    (cd "$tree" && find . -mindepth 1 -not -type d) | sed -e 's,^\./,,' -e 's,^\(usr/lib/adoptd\)/.*,\1/,' | sort -u |
        exactly etc/adoptd/adoptd.conf usr/bin/adoptctl usr/lib/adoptd/ usr/lib/systemd/system/adoptd.service \
            usr/lib/systemd/system/adoptd.socket \
            "usr/lib/$triplet/security/pam_adoptd.so" usr/sbin/adoptd usr/share/doc/adoptd/README \
            usr/share/doc/adoptd/changelog.gz usr/share/doc/adoptd/copyright usr/share/lintian/overrides/adoptd \
            usr/share/man/man1/adoptctl.1.gz usr/share/man/man5/adoptd.conf.5.gz usr/share/man/man8/adoptd.8.gz \
            usr/share/man/man8/pam_adoptd.8.gz
}
owners() { awk '$2 != "0/0"' "$work/list" | none; }
directories() { grep ^d "$work/list" | grep -v ^drwxr-xr-x | none; }
files() { grep ^- "$work/list" | grep -v -e ^-rw-r--r-- -e ^-rwxr-xr-x | none; }
other_kinds() { grep -v -e '^[d-]' -e '^lrwx.* \./usr/lib/adoptd/runtime/legal/' "$work/list" | none; }
executables() {
    sed -n 's,^-rwx.* \./,,p' "$work/list" | exactly usr/bin/adoptctl usr/sbin/adoptd usr/lib/adoptd/java \
        usr/lib/adoptd/runtime/bin/java usr/lib/adoptd/runtime/lib/jspawnhelper
}
one_time() { [ "$(awk '{ print $4, $5 }' "$work/list" | sort -u | wc -l)" -eq 1 ]; }
check "nothing is anywhere else" places
check "root owns everything" owners
check "directories are 0755" directories
check "files are 0644 or 0755" files
check "only licence texts are links" other_kinds
check "only programs can be executed" executables
check "everything carries the build's one time" one_time
check "the archive's directory is there, and empty" rmdir "$tree/var/cache/adoptd"

# The module and the native libraries.
pam_exports() {
    nm -D --defined-only "$pam" | awk '{ print $NF }' | grep -v '^pam_sm_' | none &&
        nm -D --defined-only "$pam" | grep -q ' T pam_sm_acct_mgmt$'
}
pam_needs() { readelf -dW "$pam" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | exactly libc.so.6 libpam.so.0; }
elf_files() { find "$tree" -type f -exec sh -c 'head -c 4 "$1" | grep -q ELF' sh {} \; -print; }
machines() { elf_files | xargs readelf -h | grep Machine: | grep -v "$machine" | none; }
search_paths() { elf_files | xargs readelf -dW | grep -e RPATH -e RUNPATH | grep -v '\[\$ORIGIN' | none; }
libraries() {
    find "$home/native" -type f -printf '%f\n' | sed 's/libjffi-[0-9.]*\.so/libjffi-N.so/' |
        exactly libjffi-N.so libjnidispatch.so "libnetty_transport_native_epoll_$netty.so"
}
check "the module exports pam_sm_* and nothing else" pam_exports
check "the module needs libc and libpam and nothing else" pam_needs
check "all machine code is for this architecture" machines
check "no library is looked for outside the package's own directories" search_paths
check "the native libraries are those of Netty, JNA and JNR" libraries

# The jars.
class_path() { sed -n '/^-cp$/{n;p}' "$home/java.args" | tr : '\n'; }
class_path_is_lib() {
    (cd "$tree" && find usr/lib/adoptd/lib -name '*.jar' -printf '/%p\n') | sort >"$work/there"
    class_path | sort | diff - "$work/there"
}
unpack_jars() {
    for file in "$home"/lib/*.jar; do
        mkdir "$work/jars/${file##*/}" && (cd "$work/jars/${file##*/}" && "$jar" -xf "$file") || return
    done
}
unneeded_jars() {
    find "$home/lib" -name '*.jar' -printf '%f\n' |
        grep -E 'netty-(codec-(http|socks|compression)|handler-proxy|transport-native-epoll)-|macos|-native\.jar|junit' | none
}
libraries_in_jars() { find "$work/jars" -name '*.so' -o -name '*.dll' -o -name '*.jnilib' -o -name '*.dylib' | none; }
build_paths() { grep -rlFe "${module%/*}/" -e /.m2/ "$tree" "$work/jars" "$work/control" | none; }
listed() { grep -qx io/adoptd/gateway/Main "$home/classes.lst"; }
check "the class path is the jars that are there" class_path_is_lib
check "the jars can be unpacked" unpack_jars
check "no jar is there that only others need" unneeded_jars
check "no native library is left in a jar" libraries_in_jars
check "no path of the building machine is in it" build_paths
check "the class list has our classes" listed

# Everything runs where it was unpacked: the same files, with this directory before each path.
mkdir "$work/bin"
sed "s,/usr/lib/adoptd,$home,g" "$home/java.args" >"$work/bin/java.args"
sed -e "s,/usr/lib/adoptd/java.args,$work/bin/java.args,g" -e "s,/usr/lib/adoptd/,$home/,g" "$home/java" >"$work/bin/java"
for program in bin/adoptctl sbin/adoptd; do
    sed -e "s,/usr/lib/adoptd/java,$work/bin/java,g" -e "s,/var/cache/adoptd,$work,g" \
        "$tree/usr/$program" >"$work/${program#s}"
done
chmod +x "$work"/bin/*
uncomment() { sed 's/^# \([a-z.]* = \)/\1/' "$tree/etc/adoptd/adoptd.conf"; }
runtime() { env -i "$home/runtime/bin/java" -version; }
version_of() { [ "$("$work/bin/$1" --version)" = "$1 $version" ]; }
steered() {
    JAVA_TOOL_OPTIONS=-Dsteered JDK_JAVA_OPTIONS=-Xint _JAVA_OPTIONS=-Dsteered CLASSPATH=/nonexistent \
        "$work/bin/adoptctl" --version 2>&1 | exactly "adoptctl $version"
}
defaults_good() { uncomment >"$work/adoptd.conf" && "$work/bin/adoptd" --check --config "$work/adoptd.conf"; }
conf_commented() { grep -v -e '^#' -e '^$' "$tree/etc/adoptd/adoptd.conf" | none; }
archive() {
    "$work/bin/java" -Xshare:dump -XX:SharedArchiveFile="$work/classes.jsa" \
        -XX:SharedClassListFile="$home/classes.lst" && [ -s "$work/classes.jsa" ]
}
archive_used() {
    "$work/bin/java" -Xshare:on -XX:SharedArchiveFile="$work/classes.jsa" io.adoptd.gateway.Main --version
}
check "the runtime starts without an environment" runtime
check "adoptd says its version" version_of adoptd
check "adoptctl says its version" version_of adoptctl
check "the caller's environment does not reach Java" steered
check "every line of adoptd.conf is a comment" conf_commented
check "adoptd takes the defaults that adoptd.conf names" defaults_good
check "the class archive can be made" archive
check "the class archive fits" archive_used
check "adoptd says its version with the archive" version_of adoptd

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
