#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the C side by itself, in OUTDIR: the unit tests and all scenarios under the address and undefined-behaviour
# sanitizers, the scenarios under valgrind too, libpam's names against its headers, gcc's analyzer, and what build.sh
# promises. What a machine lacks is said, not passed over.
set -eu

[ $# -eq 1 ] || { echo "usage: test.sh OUTDIR" >&2; exit 2; }
rm -rf "$1/test"
mkdir -p "$1/test"
out=$(cd "$1/test" && pwd)
cd "$(dirname "$0")"
main=../../main/c
cc=${CC:-cc}
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wformat=2 -Wstrict-prototypes -g -O1"

fail() { echo "test.sh: $*" >&2; exit 1; }
skip() { echo "test.sh: skipped: $*"; }
compiles() { echo 'int main(void) { return 0; }' | $cc "$@" -x c - -o "$out/probe" 2>"$out/probe.err"; }

# Units: each program links only what it tests.
if compiles -fsanitize=address,undefined && "$out/probe"; then
	sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
else
	sanitize=
	skip "the sanitizers: $cc cannot link them here; the units run without"
fi
# shellcheck disable=SC2086	# options are words
unit() {
	name=$1
	shift
	$cc $flags $sanitize -o "$out/$name" "$name.c" "$@"
	"$out/$name" || fail "$name failed"
	echo "test.sh: passed: $name"
}
unit frame_test $main/frame.c
unit options_test $main/options.c $main/frame.c $main/log.c
unit connection_test $main/connection.c
unit participation_test $main/participation.c $main/frame.c

# Scenarios: the whole module, libpam stood in for. Who is not root can seem so to it in a user namespace.
seeming=
[ "$(id -u)" = 0 ] || seeming="unshare -r"
# shellcheck disable=SC2086	# options are words
scenarios() {
	how=$1
	shift
	status=0
	"$@" 2>"$out/scenarios.err" >"$out/scenarios.out" || status=$?
	case $status in
	0) echo "test.sh: passed: $(cat "$out/scenarios.out"), $how" ;;
	77) skip "$(cat "$out/scenarios.err") ($how)" ;;
	*) cat "$out/scenarios.err" "$out/scenarios.out" >&2; fail "scenarios failed, $how" ;;
	esac
}
if [ -n "$seeming" ] && ! $seeming true 2>"$out/probe.err"; then
	skip "scenarios: they need root, or a user namespace in which to seem so"
else
	# shellcheck disable=SC2086
	$cc $flags $sanitize -o "$out/sshd_scenarios" scenarios.c $main/*.c
	# shellcheck disable=SC2086
	scenarios "${sanitize:-without the sanitizers}" $seeming "$out/sshd_scenarios"
	if command -v valgrind >"$out/probe"; then
		# shellcheck disable=SC2086
		$cc $flags -o "$out/sshd_scenarios_plain" scenarios.c $main/*.c
		# shellcheck disable=SC2086
		scenarios valgrind $seeming valgrind --quiet --error-exitcode=99 --leak-check=full --sim-hints=lax-ioctls \
			--errors-for-leak-kinds=definite,indirect,possible "$out/sshd_scenarios_plain"
	else
		skip "scenarios under valgrind: there is none (Debian: valgrind)"
	fi
fi

# Our declarations of libpam against its own.
if echo '#include <security/pam_modules.h>' | $cc -E -x c - >"$out/probe" 2>"$out/probe.err"; then
	# shellcheck disable=SC2086
	$cc $flags -c pam_abi.c -o "$out/pam_abi.o"
	echo "test.sh: passed: pam_abi"
else
	skip "pam_abi: no security/pam_modules.h (libpam0g-dev, pam-devel)"
fi

# The analyzer, and that no translation unit has a variable: nothing in .data or .bss.
analyzer=-fanalyzer
compiles $analyzer || { analyzer=; skip "the analyzer: $cc has no -fanalyzer"; }
for source in "$main"/*.c; do
	object=$out/$(basename "$source" .c).o
	# shellcheck disable=SC2086
	$cc $flags -O2 -fPIC $analyzer -c "$source" -o "$object"
	variables=$(size -A "$object" | awk '$1 ~ /^\.t?(data|bss)$/ && $2 > 0')
	[ -z "$variables" ] || fail "$source keeps state: $variables"
done
echo "test.sh: passed: analyzer, no variables"

# The same bytes wherever it is built, no path of the machine in them, only libc and libpam behind them.
for copy in one "two with a longer name"; do
	mkdir -p "$out/$copy"
	cp $main/* "$out/$copy"
	sh "$out/$copy/build.sh" "$out/$copy/out"
done
built=$out/one/out/pam_adoptd.so
cmp "$built" "$out/two with a longer name/out/pam_adoptd.so" || fail "two builds differ"
if grep -q -F "$out" "$built"; then fail "the path of the build is in pam_adoptd.so"; fi
needed=$(readelf -d "$built" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	grep -v -E '^(libc\.so\.|libpam\.so\.0$|ld-linux)' || true)
[ -z "$needed" ] || fail "pam_adoptd.so needs $needed"
exported=$(nm -D --defined-only "$built" | awk '{ print $NF }')
# shellcheck disable=SC2086,SC2116	# names are words
[ "$(echo $exported)" = "pam_sm_acct_mgmt pam_sm_close_session pam_sm_open_session" ] || fail "pam_adoptd.so exports $exported"
echo "test.sh: passed: build"

# What the hardening flags are for: everything bound before sshd goes on, and then read-only; no memory both written and
# run; the stack and the copies guarded.
headers=$(readelf -lW "$built")
dynamic=$(readelf -dW "$built")
symbols=$(nm -D --undefined-only "$built")
case $headers in *GNU_RELRO*) ;; *) fail "pam_adoptd.so has no relro" ;; esac
case $dynamic in *BIND_NOW*) ;; *) fail "pam_adoptd.so is bound lazily" ;; esac
case $dynamic in *TEXTREL*) fail "pam_adoptd.so has text relocations" ;; esac
if echo "$headers" | grep -E 'LOAD|GNU_STACK' | grep -q 'RWE'; then fail "pam_adoptd.so has memory to write and to run"; fi
case $symbols in *__stack_chk_fail*) ;; *) fail "pam_adoptd.so's stack is not guarded" ;; esac
case $symbols in *_chk@*) ;; *) fail "pam_adoptd.so was built without _FORTIFY_SOURCE" ;; esac
echo "test.sh: passed: hardening"
