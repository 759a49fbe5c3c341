# Shares of a profile: awk -f shares.awk profile.collapsed
#
# A line of async-profiler's: "[thread tid=N];frame;…;frame samples", how a frame was compiled in a _[.] behind it. Prints
# "kind, name, samples": by thread, by whose code ran, and by the innermost class of adoptd's on the stack.

BEGIN { OFS = "\t" }

{
    samples = $NF
    sub(/ [0-9]+$/, "")
    count = split($0, frame, ";")
    thread = frame[1]
    sub(/^\[/, "", thread)
    sub(/ tid=.*/, "", thread)
    shares["thread", named(thread)] += samples
    shares["code", whose()] += samples
    shares["class", ours()] += samples
}

END {
    for (key in shares) {
        split(key, part, SUBSEP)
        print part[1], part[2], shares[key] | "sort -t '\t' -k1,1 -k3,3nr"
    }
}

function named(thread_) {
    sub(/-[0-9]+(-[0-9]+)?$/, "", thread_)
    return thread_
}

# The machine's own are stubs and whatever is compiled into it; else the innermost frame tells that is of Java, so that libc
# counts for who calls it.
function whose(   i) {
    if (frame[count] ~ /libjvm|stub|adapters|arraycopy|^JVM_|^_end$/) return "the virtual machine"
    for (i = count; i > 1; i--) {
        if (frame[i] ~ /^io\/adoptd\//) return "adoptd"
        if (frame[i] ~ /^reactor\/netty\//) return "Reactor Netty"
        if (frame[i] ~ /^reactor\//) return "Reactor"
        if (frame[i] ~ /^io\/netty\//) return "Netty"
        if (frame[i] ~ /^(com\/sun\/jna|jnr|com\/kenai)\//) return "JNA and JNR"
        if (frame[i] ~ /^(ch\/qos|org\/slf4j)\//) return "Logback"
        if (frame[i] ~ /^(java|javax|jdk|sun)\//) return "the JDK's classes"
    }
    return "the virtual machine"
}

function ours(   i, class_) {
    for (i = count; i > 1; i--)
        if (frame[i] ~ /^io\/adoptd\//) {
            class_ = frame[i]
            sub(/_\[.\]$/, "", class_)
            sub(/\.[^.]*$/, "", class_)
            sub(/\$.*/, "", class_)
            sub(/.*\//, "", class_)
            return class_
        }
    return "none of adoptd's"
}
