package figures

import (
	"regexp"
	"slices"
	"strconv"
)

var (
	printed = regexp.MustCompile(`(?m)FIGURE ([a-z-]+):((?: [a-z_0-9]+=\d+)+)$`)
	counted = regexp.MustCompile(`([a-z_0-9]+)=(\d+)`)
)

// Parse returns the lines that [Print] wrote into a log, among anything else.
func Parse(log string) []Line {
	var lines []Line
	for _, match := range printed.FindAllStringSubmatch(log, -1) {
		line := Line{Subject: match[1]}
		for _, count := range counted.FindAllStringSubmatch(match[2], -1) {
			n, _ := strconv.Atoi(count[2]) // the pattern has digits only
			line.Counts = append(line.Counts, Count{count[1], n})
		}
		lines = append(lines, line)
	}
	return lines
}

// Sum returns one line for each subject with the sum of each count, in the order in which they first occur.
func Sum(lines []Line) []Line {
	var sums []Line
	for _, line := range lines {
		i := slices.IndexFunc(sums, func(sum Line) bool { return sum.Subject == line.Subject })
		if i < 0 {
			i = len(sums)
			sums = append(sums, Line{Subject: line.Subject})
		}
		for _, count := range line.Counts {
			sums[i].add(count)
		}
	}
	return sums
}

func (l *Line) add(count Count) {
	for i := range l.Counts {
		if l.Counts[i].Name == count.Name {
			l.Counts[i].N += count.N
			return
		}
	}
	l.Counts = append(l.Counts, count)
}
