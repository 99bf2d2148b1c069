package unleashjson

import (
	"strconv"
	"time"
)

// dateTime matches what ajv-formats 2 accepts as a date-time: RFC 3339, and also white space for the T, no offset at all, which
// means UTC, and an offset without colon or minutes.
var dateTime = compiled(`^(\d{4}-\d\d-\d\d)[tT\s](\d\d:\d\d):(\d\d)(\.\d+)?([zZ]|([+-]\d\d)(?::?(\d\d))?)?$`)

// maxOffset is the first distance from UTC that PostgreSQL refuses, and Unleash with it.
const maxOffset = 16 * time.Hour

// parseDateTime reads a date-time, rounded to microseconds as in PostgreSQL and then cut to milliseconds as in JavaScript. As
// in ajv-formats 2, 23:59:60 is a leap second in any offset, and no other time is one.
func parseDateTime(text string) (time.Time, bool) {
	part := dateTime().FindStringSubmatch(text)
	if part == nil {
		return time.Time{}, false
	}
	seconds, leap := part[3], time.Duration(0)
	if seconds == "60" && part[2] == "23:59" {
		seconds, leap = "59", time.Second
	}
	at, err := time.Parse("2006-01-02T15:04:05", part[1]+"T"+part[2]+":"+seconds+part[4])
	offset, ok := parseOffset(part[6], part[7])
	if err != nil || !ok {
		return time.Time{}, false
	}
	return at.Add(leap - offset).Round(time.Microsecond).Truncate(time.Millisecond), true
}

func parseOffset(hours, minutes string) (time.Duration, bool) {
	if hours == "" {
		return 0, true
	}
	h, _ := strconv.Atoi(hours[1:])
	m, _ := strconv.Atoi(minutes)
	offset := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	ok := m < 60 && offset < maxOffset
	if hours[0] == '-' {
		return -offset, ok
	}
	return offset, ok
}
