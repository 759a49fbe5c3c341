#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays out the Debian package below target/deb: contents.tar, every file with its mode, and control/, which jdeb joins.
# Needs a JDK (17 or later), the binutils that every gcc brings, and GNU's tar; nothing of Debian's. What did not change
# is not made again. Two runs on the same input, wherever it lies, give the same bytes.
set -eu
export LC_ALL=C TZ=UTC
umask 022

[ $# -eq 5 ] || { echo "usage: build.sh JAVA_HOME ARCHITECTURE TIMESTAMP JAR CLASSPATH" >&2; exit 2; }
java_home=$1 architecture=$2 timestamp=$3 jar=$4 classpath=$5
cd "$(dirname "$0")/../.."
source=src/deb
target=target/deb
root=$target/root
home=$root/usr/lib/adoptd

# Found by running. Much more is named in the jars (java.xml and java.naming by Logback, java.desktop by JNA,
# java.management by JNR), but not by what the daemon loads of them.
modules=java.base,java.logging,jdk.unsupported

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

# What is made from the inputs told on standard input is kept as long as they are the same.
unchanged() {
    cat >"$1.inputs.new"
    [ -e "$1" ] && cmp -s "$1.inputs.new" "$1.inputs" && return
    rm -rf "$1" "$1.inputs"
    return 1
}

made() {
    mv "$1.inputs.new" "$1.inputs"
}

link_runtime() {
    cat "$java_home/release" $source/build.sh | unchanged $target/runtime && return
    "$java_home/bin/jlink" --add-modules $modules --strip-debug --no-header-files --no-man-pages \
        --compress="$compress" --output $target/runtime
    rm -f $target/runtime/bin/keytool $target/runtime/lib/jexec $target/runtime/lib/jrt-fs.jar
    find $target/runtime -type f \( -path '*/bin/*' -o -name '*.so' -o -name jspawnhelper \) \
        -exec strip -s -R .comment {} +
    made $target/runtime
}

# The jars, their order, and the native libraries. Arguments: the jars of the class path.
pick_jars() {
    { ls -l --time-style=full-iso "$@"; cat "$java_home/release" $source/build.sh $source/*.java; } |
        unchanged $target/jars && return
    mkdir -p $target/jars/lib $target/jars/native
    "$java_home/bin/java" -XX:TieredStopAtLevel=1 $source/ShippedJars.java "$architecture" $target/jars "$@"
    strip -s -R .comment $target/jars/native/*.so
    # shellcheck disable=SC2046 # a word each
    "$java_home/bin/java" -XX:TieredStopAtLevel=1 $source/LambdaProxies.java \
        $(sed "s,^,$target/jars/lib/," $target/jars/ours) >$target/jars/lambdas
    # Our own code is not to name a module that the runtime lacks.
    # shellcheck disable=SC2046 # a word each
    "$java_home/bin/jdeps" -summary $(sed "s,^,$target/jars/lib/," $target/jars/ours) >$target/modules
    sed -n 's/.* -> \(java\.\|jdk\.\)/\1/p' $target/modules | sort -u | while read -r module; do
        case ,$modules, in *,"$module",*) ;; *) fail "our classes need $module, which is not in the runtime" ;; esac
    done || exit
    made $target/jars
}

# The packages that the shipped ELF files need, from what they say of themselves; an unknown library is an error.
depends() {
    find $root -type f \( -name '*.so' -o -path '*/bin/java' -o -name jspawnhelper \) >$target/elf
    xargs readelf -dVW <$target/elf >$target/needs
    sed 's,.*/,,' $target/elf >$target/own
    glibc=$(grep -o 'Name: GLIBC_[0-9.]*' $target/needs | sed 's/.*_//' | sort -uV | tail -n 1)
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' $target/needs | sort -u | grep -vxF -f $target/own | while read -r library; do
        case $library in
        libc.so.6 | libdl.so.2 | libm.so.6 | libpthread.so.0 | librt.so.1 | ld-linux-*) echo "libc6 (>= $glibc)" ;;
        libgcc_s.so.1) echo libgcc-s1 ;;
        libpam.so.0) echo libpam0g ;;
        libstdc++.so.6) echo libstdc++6 ;;
        libz.so.1) echo zlib1g ;;
        *) fail "no package is known for $library" ;;
        esac
    done >$target/packages || exit
    sort -u $target/packages | paste -sd, | sed 's/,/, /g'
}

case $architecture-$(uname -m) in
amd64-x86_64) triplet=x86_64-linux-gnu ;;
arm64-aarch64) triplet=aarch64-linux-gnu ;;
*) fail "cannot build for $architecture on $(uname -m)" ;;
esac
java_version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$java_home/release")
compress=zip-6
[ "$java_version" -ge 21 ] || compress=2

mkdir -p $target
rm -f target/adoptd_*.deb
link_runtime

set -- "$jar"
old_ifs=$IFS
IFS=:
for entry in $classpath; do
    [ -d "$entry" ] || set -- "$@" "$entry"
done
IFS=$old_ifs
pick_jars "$@"

rm -rf $root
cp -R $source/root $root
mkdir -p $root/var/cache/adoptd $root/usr/lib/$triplet/security $root/usr/share/man/man1 $root/usr/share/man/man5 \
    $root/usr/share/man/man8
cp -R $target/runtime $target/jars/lib $target/jars/native $home
strip -s -R .comment -o $root/usr/lib/$triplet/security/pam_adoptd.so target/c/pam_adoptd.so
{
    sed "s/@TRIPLET@/$triplet/" $source/root/usr/lib/adoptd/java.args
    if [ "$java_version" -ge 25 ]; then
        echo
        echo '# Of this Java: one more clock to slow down, and no warnings about what JNA, JNR and Netty live by.'
        echo -XX:ServiceThreadCleanupInterval=60000
        echo --enable-native-access=ALL-UNNAMED
        echo --sun-misc-unsafe-memory-access=allow
    fi
    echo
    echo -cp
    sed 's,^,/usr/lib/adoptd/lib/,' $target/jars/order | paste -sd:
} >$home/java.args
cat $target/runtime/lib/classlist $target/jars/classes $target/jars/lambdas $source/classes.lst >$home/classes.lst
gzip -9n <$source/changelog >$root/usr/share/doc/adoptd/changelog.gz
for page in "$source"/man/*; do
    gzip -9n <"$page" >"$root/usr/share/man/man${page##*.}/${page##*/}.gz"
done

find $root -type d -exec chmod 0755 {} +
find $root -type f -exec chmod 0644 {} +
chmod 0755 $root/usr/bin/* $root/usr/sbin/* $home/java $home/runtime/bin/* $home/runtime/lib/jspawnhelper
tar --sort=name --mtime="$timestamp" --owner=0 --group=0 --numeric-owner --format=ustar -C $root \
    -cf $target/contents.tar .

rm -rf $target/control
cp -R $source/control $target/control
depends=$(depends)
sed -e "s/@ARCHITECTURE@/$architecture/" -e "s/@DEPENDS@/$depends/" $source/control/control >$target/control/control
