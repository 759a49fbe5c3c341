# Rows: many logins at once and many after another, with the peer's figures beside ours. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # one, both, newest: lib/rows.sh
# shellcheck disable=SC2034 # coming_from, outcomes, ssh_options: lib/rows.sh

# storm_of NUMBER WHERE REASON FROM USER: all at once.
storm_of() {
    local number=$1 place=$2 expected_reason=$3 from=$4
    shift 4
    coming_from=$from
    local before
    before=$(footprint)
    storm "$number" "$number" "$@"
    everyone "$place"
    for_reasons "$expected_reason"
    figure "$(printf '%-8s account phase in ms %s; %s logins a second' adoptd "$(percentiles)" "$(rate)")"
    kept "$before"
    beside "$number" "$@"
}

# The same through the peer: figures, no verdict.
beside() {
    through faults-peer "$1" "$1" "${@:2}"
    figure "$(printf '%-8s account phase in ms %s; %s logins a second; %s' peer "$(percentiles)" "$(rate)" \
        "$(places | while read -r place; do named "$place"; done | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')")"
}

# kept FOOTPRINT: no descriptor more than before, and no thread that comes with logins.
kept() {
    wait_for 10 as_few_descriptors "$1" || note "descriptors, threads, KiB: $1 before, $(footprint) after"
    figure "the daemon's descriptors, threads, KiB: $1 before, $(footprint) after"
}

# `one` and `newest` are not known when the rows are made.
for number in 128 500; do
    row "$number logins at once: one job" 'job' $((LOGIN + NOISE)) storm_of_job $number
    row "$number logins at once: no job" 'out: no_jobs' $((LOGIN + NOISE)) storm_of_none $number
    row "$number logins at once: several jobs, the source refuses" 'newest' $((LOGIN + NOISE)) storm_of_newest $number
    row "$number logins at once: several jobs, the source drops" 'newest' $((LOGIN + NOISE)) storm_of_dropped $number
done
core '128 logins at once: several jobs, the source answers' 'source' $((LOGIN + NOISE)) storm_of_source 128
for number in 256 512; do
    row "$number logins at once: several jobs, the source answers" 'source' $((LOGIN + NOISE)) storm_of_source $number
done
row 'logins 4 at a time: several jobs, the source answers' 'source, each' $((LOGIN + NOISE)) many_of_source
core '128 logins at once: all of these together' 'job, out and newest' $((LOGIN + NOISE)) storm_of_all 128
row '500 logins at once: all of these together' 'job, out and newest' $((LOGIN + NOISE)) storm_of_all 500
storm_of_job() { storm_of "$1" "job_$one" only_job login alice; }
storm_of_none() { bob_has none; storm_of "$1" out no_jobs login bob; }
storm_of_newest() { storm_of "$1" "job_$newest" newest_job login carol; }
# One slurmd, and at most 16 ask it at once: the others wait for their turn.
storm_of_source() { storm_of "$1" "job_$both" source_job c2 carol; }
# One answer in hundreds got lost here, and the login with it into the newest job.
many_of_source() {
    local number=2000 before
    [[ $length != long ]] || number=10000
    coming_from=c2
    before=$(footprint)
    storm 4 "$number" carol
    everyone "job_$both"
    for_reasons source_job
    figure "$(printf '%s logins, account phase in ms %s; %s logins a second' "$number" "$(percentiles)" "$(rate)")"
    kept "$before"
}
storm_of_dropped() { dropped login; storm_of "$1" "job_$newest" newest_job login carol; }
storm_of_all() {
    bob_has none
    storm "$1" "$1" alice bob carol
    everyone "job_$one" 1
    everyone out 2
    everyone "job_$newest" 3
    for_reasons 'only_job|no_jobs|newest_job'
}

row 'more logins at once than logins.max: 300 of 8' 'job, or out at once: daemon_refused' $((LOGIN + NOISE)) storm_past_bound
storm_past_bound() {
    on c1 cp -p /etc/adoptd/adoptd.conf /etc/adoptd/adoptd.conf.away
    undo adoptd_again
    undo on c1 mv /etc/adoptd/adoptd.conf.away /etc/adoptd/adoptd.conf
    on c1 bash -c 'echo "logins.max = 8" >>/etc/adoptd/adoptd.conf'
    adoptd_again
    dropped login                                            # each stays for a while
    storm 300 300 carol
    everyone "job_$newest|out"
    for_reasons 'newest_job|daemon_refused'
    happened daemon_refused
    happened newest_job
}

row 'logins after another' 'job, out, newest; nothing is left' "$NOISE" long_run 1
core 'logins 32 at a time' 'job, out, newest; nothing is left' $((LOGIN + NOISE)) long_run 32
# Not above the memory after so many logins more than a JVM's heap may still have had to grow.
long_run() {
    local number=1000 before after
    case $length in short) number=300 ;; long) number=10000 ;; esac
    bob_has none
    storm 8 300 alice bob carol
    before=$(footprint)
    storm "$1" "$number" alice bob carol
    everyone "job_$one" 1
    everyone out 2
    everyone "job_$newest" 3
    for_reasons 'only_job|no_jobs|newest_job'
    figure "$(printf '%s logins, account phase in ms %s; %s logins a second' "$number" "$(percentiles)" "$(rate)")"
    kept "$before"
    after=$(footprint)
    ((${after##* } <= ${before##* } + 16384)) || note "KiB resident: ${before##* } before, ${after##* } after"
}
