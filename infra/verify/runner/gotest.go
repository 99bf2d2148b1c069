package runner

import (
	"regexp"
	"slices"
)

const (
	// maxFailed is how many failed tests of a log are shown.
	maxFailed = 10
	// maxMessages is how many lines of messages are shown of each.
	maxMessages = 20
)

var (
	// testFailed matches the line of go test about a failed test. The group is its name.
	testFailed = regexp.MustCompile(`^\s*--- FAIL: (\S+)`)
	// testPassed matches the lines of go test that report no failure.
	testPassed = regexp.MustCompile(`^\s*--- (PASS|SKIP): |^=== |^ok  \t`)
	// testWrites matches the line that go test -v prints before what a test writes. The group is its name.
	testWrites = regexp.MustCompile(`^=== (?:RUN|CONT|NAME)\s+(\S+)`)
	// endsMessages matches the lines of go test that follow the messages of a test.
	endsMessages = regexp.MustCompile(`^=== |^\s*--- (FAIL|PASS|SKIP): |^(ok  |FAIL|PASS|exit status)`)
)

// failedTests returns the lines about failed tests in the output of go test, each followed by the test's messages, which go test -v
// prints far ahead of it.
func failedTests(lines []string) []string {
	messages := messagesByTest(lines)
	var failed []string
	shown := 0
	for i, line := range lines {
		match := testFailed.FindStringSubmatch(line)
		if match == nil || shown == maxFailed {
			continue
		}
		shown++
		said := append(slices.Clone(messages[match[1]]), untilEnd(lines[i+1:])...)
		failed = append(append(failed, line), said[:min(len(said), maxMessages)]...)
	}
	return failed
}

// messagesByTest returns what each test wrote under go test -v.
func messagesByTest(lines []string) map[string][]string {
	messages := map[string][]string{}
	for i, line := range lines {
		if match := testWrites.FindStringSubmatch(line); match != nil {
			messages[match[1]] = append(messages[match[1]], untilEnd(lines[i+1:])...)
		}
	}
	return messages
}

// untilEnd returns the lines before the first that go test itself prints.
func untilEnd(lines []string) []string {
	if end := slices.IndexFunc(lines, endsMessages.MatchString); end >= 0 {
		return lines[:end]
	}
	return lines
}

// tail returns the last n lines, without those about tests that did not fail.
func tail(lines []string, n int) []string {
	kept := slices.DeleteFunc(slices.Clone(lines), testPassed.MatchString)
	return kept[max(0, len(kept)-n):]
}
