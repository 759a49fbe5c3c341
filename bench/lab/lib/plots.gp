# One plot of a run, as SVG on standard output:
#   gnuplot -e "data='DIR'; what='latency|steps|storm'; title='…'" plots.gp
# DIR holds what plots.awk made.

set encoding utf8
set datafile missing '–'
set style line 1 linecolor rgb '#0072b2' linewidth 2.5 pointtype 7 pointsize 0.7
set style line 2 linecolor rgb '#d55e00' linewidth 2 pointtype 5 pointsize 0.7
set style line 3 linecolor rgb '#009e73' linewidth 2 pointtype 9 pointsize 0.8
set style line 4 linecolor rgb '#999999' linewidth 2 dashtype 2
set border 3 linecolor rgb '#666666'
set tics nomirror textcolor rgb '#333333'
set grid linecolor rgb '#dddddd' linetype 1
set key textcolor rgb '#333333'
name(column) = column eq 'peer' ? 'pam_slurm_adopt' : column eq 'empty' ? 'empty stack' : column

exists_(file) = int(system('test -s "'.file.'" && echo 1 || echo 0'))
file(case, column) = data.'/'.case.'.'.column
# A column that has no part in a case is drawn as a point out of sight.
curve(case, column) = exists_(file(case, column)) ? file(case, column) : '/dev/null'

if (what eq 'latency') {
    set terminal svg size 900,620 dynamic background '#ffffff' font 'sans-serif,13'
    set multiplot layout 2,2 title title.': account phase, share of the logins that took no longer' font ',15' \
        margins 0.07,0.98,0.09,0.88 spacing 0.08,0.16
    set logscale x
    set xrange [0.1:100]
    set yrange [0:1]
    set format y '%.1f'
    set xlabel 'ms' offset 0,0.6
    do for [case in 'one-job no-job source-refuses source-answers'] {
        set title (case eq 'one-job' ? 'one job' : case eq 'no-job' ? 'no job' : \
            case eq 'source-refuses' ? 'several jobs, the source refuses' : \
            'several jobs, the source answers') offset 0,-0.5
        if (case eq 'one-job') { set key bottom right } else { unset key }
        plot for [i=1:4] curve(case, word('adoptd peer floor empty', i)) using 1:2 with lines linestyle i \
            title name(word('adoptd peer floor empty', i))
    }
    unset multiplot
}

if (what eq 'steps') {
    set terminal svg size 700,420 dynamic background '#ffffff' font 'sans-serif,13'
    set title title.': account phase with one job, by extern steps on the node' font ',15'
    set logscale xy
    set xtics (1, 4, 16, 64, 256)
    set xrange [0.8:320]
    set yrange [0.1:]
    set xlabel 'extern steps on the node'
    set ylabel 'ms: median, and quartiles'
    set key top left
    plot for [i=1:3] curve('steps', word('adoptd peer floor', i)) using 1:3:2:4 with yerrorlines linestyle i \
        title name(word('adoptd peer floor', i))
}

if (what eq 'storm') {
    set terminal svg size 1000,400 dynamic background '#ffffff' font 'sans-serif,13'
    set multiplot layout 1,3 title title.': many logins at once, one job' font ',15' \
        margins 0.07,0.98,0.15,0.8 spacing 0.08,0.1
    set title 'logins per second: median, and range' offset 0,-0.5
    set style fill solid 0.85 noborder
    set boxwidth 0.22
    set xrange [-0.5:1.5]
    set xtics ('200, 32 at a time' 0, '500 at once' 1)
    set yrange [0:]
    set key top right maxrows 1 samplen 1 font ',11' at graph 1.0, 1.02
    unset key
    plot for [i=1:3] curve('storms', word('adoptd peer floor', i)) \
        using ($1 == 32 ? (i - 2) * 0.25 : 1 + (i - 2) * 0.25):2:3:4 with boxerrorbars linestyle i \
        title name(word('adoptd peer floor', i))
    set logscale x
    set xrange [0.1:*]
    set yrange [0:1]
    set xtics autofreq
    set format y '%.1f'
    set xlabel 'ms'
    do for [at_once in '32 500'] {
        set title 'account phase, '.at_once.' at once' offset 0,-0.5
        if (at_once eq '500') { set key top left } else { unset key }
        plot for [i=1:3] curve(at_once.'-at-once', word('adoptd peer floor', i)) using 1:2 with lines linestyle i \
            title name(word('adoptd peer floor', i))
    }
    unset multiplot
}
