#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes what the module reads from outside, each fuzz_*.c for SECONDS (default 10) under the address and
# undefined-behaviour sanitizers: with clang's libFuzzer, guided by coverage (Debian: clang, libclang-rt-dev), else with
# fuzz_driver.c. Starts from corpus/TARGET; a finding is left in OUTDIR (default target/c-fuzz).
# usage: fuzz.sh [SECONDS [OUTDIR]]
set -eu

seconds=${1:-10}
cd "$(dirname "$0")"
mkdir -p "${2:-../../../target/c-fuzz}"
out=$(cd "${2:-../../../target/c-fuzz}" && pwd)
main=../../main/c
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all"
passed=0 failed=0 skipped=0

# A seed is text, or hex with comments.
unhex() {
	# shellcheck disable=SC2059	# the format is the bytes
	printf "$(sed 's/#.*//' "$1" | tr -d ' \n' | awk '
		function digit(at) { return index("0123456789abcdef", tolower(substr($0, at, 1))) - 1 }
		{ for (i = 1; i < length($0); i += 2) printf "\\%03o", 16 * digit(i) + digit(i + 1) }')"
}

compiles() { echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { (void)d; return n > 9999999; }' |
	"$@" -x c - -o "$out/probe" 2>"$out/probe.err"; }

clang=
for candidate in ${CLANG:-clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14}; do
	if command -v "$candidate" >/dev/null && compiles "$candidate" -fsanitize=fuzzer,address,undefined; then
		clang=$candidate
		break
	fi
done
cc=${CC:-cc}
if [ -z "$clang" ] && ! { echo 'int main(void) { return 0; }' |
	$cc -fsanitize=address,undefined -x c - -o "$out/probe" && "$out/probe"; } 2>"$out/probe.err"; then
	echo "fuzz.sh: skipped: neither clang's libFuzzer (clang, libclang-rt-dev) nor the sanitizers of $cc"
	echo "0 passed, 0 failed, 3 skipped"
	exit 0
fi

# fuzz TARGET SOURCE...
fuzz() {
	target=$1
	shift
	rm -rf "${out:?}/$target"
	mkdir -p "$out/$target/seeds" "$out/$target/findings"
	for seed in corpus/"$target"/*; do
		case $seed in
		*.hex) unhex "$seed" >"$out/$target/seeds/$(basename "$seed" .hex)" ;;
		*) cp "$seed" "$out/$target/seeds/" ;;
		esac
	done
	log=$out/$target/log
	status=0
	if [ -n "$clang" ]; then
		# shellcheck disable=SC2086	# options are words
		"$clang" $flags -fsanitize=fuzzer,address,undefined -o "$out/$target/fuzz" "fuzz_$target.c" "$@"
		mkdir "$out/$target/found"	# new inputs of interest go here, not to the seeds
		"$out/$target/fuzz" -max_total_time="$seconds" -max_len=8300 -timeout=5 -rss_limit_mb=1024 \
			-print_final_stats=1 -artifact_prefix="$out/$target/findings/" \
			"$out/$target/found" "$out/$target/seeds" >"$log" 2>&1 || status=$?
		inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
		how="libFuzzer of $clang, ${covered:-no} edges covered"
	else
		# shellcheck disable=SC2086
		$cc $flags -fsanitize=address,undefined -o "$out/$target/fuzz" fuzz_driver.c "fuzz_$target.c" "$@"
		"$out/$target/fuzz" "$seconds" "$out/$target"/seeds/* >"$log" 2>&1 || status=$?
		inputs=$(sed -n 's/^inputs //p' "$log")
		how="own mutations, coverage unknown"
	fi
	if [ $status = 0 ] && [ -n "$inputs" ]; then
		passed=$((passed + 1))
		findings=0
	else
		failed=$((failed + 1))
		findings=1
		tail -n 30 "$log" >&2
	fi
	echo "fuzz.sh: $target: ${inputs:-?} inputs in $seconds s, findings: $findings ($how)"
}

fuzz frame $main/frame.c
fuzz options $main/options.c $main/frame.c $main/log.c
fuzz text $main/connection.c $main/log.c
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
