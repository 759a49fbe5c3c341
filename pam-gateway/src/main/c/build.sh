#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds pam_adoptd.so into OUTDIR. Needs a C compiler, glibc's headers and libpam.so.0; no libpam headers, no make.
# CC, CFLAGS and LDFLAGS are respected. Two builds of the same source by the same compiler are the same, byte for byte.
set -eu

[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)/pam_adoptd.so
cd "$(dirname "$0")"

cc=${CC:-cc}
# What dpkg-buildflags gives for hardening=+all, as far as it is for a shared object; -Wformat=2 has format-security.
hardening="-fstack-protector-strong -fstack-clash-protection"
case ${CFLAGS:-} in
*_FORTIFY_SOURCE*) ;;		# a distribution's own level
*) hardening="$hardening -D_FORTIFY_SOURCE=2" ;;
esac
case $($cc -dumpmachine) in
x86_64* | i?86*) hardening="$hardening -fcf-protection" ;;
aarch64*) hardening="$hardening -mbranch-protection=standard" ;;
esac

# Named from here and without debug information, so that no path of the machine it was built on is in it.
# shellcheck disable=SC2086	# options are words
$cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes \
	-fPIC -fvisibility=hidden -O2 -g0 $hardening -ffile-prefix-map="$PWD"=. ${CFLAGS:-} \
	-shared -Wl,-z,relro,-z,now,-z,noexecstack -Wl,-z,defs -Wl,--build-id=none -Wl,--version-script=pam_adoptd.map ${LDFLAGS:-} \
	-o "$out" connection.c frame.c gateway.c log.c namespace.c options.c pam_adoptd.c participation.c sshd.c -l:libpam.so.0

# A guest shows its host nothing but its entries.
exported=$(nm -D --defined-only "$out" | awk '{ print $NF }')
for name in $exported; do
	case $name in
	pam_sm_*) ;;
	*) echo "build.sh: $out exports $name" >&2; rm -f "$out"; exit 1 ;;
	esac
done
[ -n "$exported" ] || { echo "build.sh: $out exports nothing" >&2; rm -f "$out"; exit 1; }
