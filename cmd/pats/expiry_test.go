package main

import (
	"testing"
	"time"

	"pats/pkg/pat/pattest"
)

func TestExpiry(t *testing.T) {
	t.Parallel()
	cases := map[string]time.Time{
		"90d":                       pattest.Start.Add(90 * 24 * time.Hour),
		"12h":                       pattest.Start.Add(12 * time.Hour),
		"1h30m":                     pattest.Start.Add(90 * time.Minute),
		"2027-01-31T12:00:00Z":      time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC),
		"2027-01-31T12:00:00+02:00": time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC),
		"2001-01-01T00:00:00Z":      time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var e expiry
			if err := e.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if got := e.from(pattest.Start); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestExpiryRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "90", "d", "0d", "-1d", "0h", "-2h", "1.5d", "100001d", "99999999999999999999d", "tomorrow", "2027-01-31", "90 d"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if err := new(expiry).UnmarshalText([]byte(text)); err == nil {
				t.Error("got no error")
			}
		})
	}
}
