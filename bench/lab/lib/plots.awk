# The data of the plots: awk -v out=DIR -f plots.awk quantiles.tsv storms.tsv
#
# Writes DIR/CASE.COLUMN: ms, share of the logins; blanks in CASE become hyphens. DIR/steps.COLUMN: steps, p25, p50, p75
# in ms. DIR/storms.COLUMN: at once, median, least and greatest logins per second.

BEGIN { FS = "\t" }

FILENAME == ARGV[1] && FNR == 1 {
    for (i = 6; i <= NF; i++) share[i] = substr($i, 2) / 100
    next
}

FILENAME == ARGV[1] {
    file = out "/" $1 "." $2
    gsub(/[ ,]+/, "-", file)
    for (i = 6; i <= NF; i++) print $i, share[i] >file
    close(file)
    if ($1 ~ /^[0-9]+ steps$/) print $3, $(6 + 25), $(6 + 50), $(6 + 75) >(out "/steps." $2)
    next
}

{ rates[$1, $4] = rates[$1, $4] " " $5; seen[$1] = 1; columns[$4] = 1 }

END {
    for (column in columns)
        for (at_once in seen) {
            count = split(rates[at_once, column], value, " ")
            for (i = 2; i <= count; i++)
                for (j = i; j > 1 && value[j - 1] + 0 > value[j] + 0; j--) { moved = value[j]; value[j] = value[j - 1]; value[j - 1] = moved }
            if (count) print at_once, value[int((count + 1) / 2)], value[1], value[count] >(out "/storms." column)
        }
}
