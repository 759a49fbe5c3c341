#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes classes.lst: what the class archive holds besides our own classes and lambdas, which each build lists anew, and
# what every Java program loads, which the runtime lists itself. From lists that programs at work have written:
#
#     /usr/lib/adoptd/java -XX:DumpLoadedClassList=LIST io.adoptd.gateway.Main --config FILE    # log in, then stop it
#     /usr/lib/adoptd/java -XX:DumpLoadedClassList=LIST io.adoptd.gateway.cli.Adoptctl ping
#     src/deb/classlist.sh RUNTIME LIST... >src/deb/classes.lst
#
# To be done when the libraries change. A list that is not up to date costs some milliseconds and some memory, no more:
# what is not there is skipped. RUNTIME is /usr/lib/adoptd/runtime, or a JDK of that version.
set -eu
export LC_ALL=C
[ $# -gt 1 ] || { echo "usage: classlist.sh RUNTIME LIST..." >&2; exit 2; }
runtime=$1
shift
cat "$@" | sed -e '/^#/d' -e '/^@cp /d' -e '/^io\/adoptd\//d' -e '/^@lambda-proxy io\/adoptd\//d' \
    -e '/\$Proxy[0-9]/d' -e '/0x[0-9a-f]/d' -e '/ source: /d' -e 's/ id: .*//' | grep -vxF -f "$runtime/lib/classlist" |
    sort -u
