package pat_test

import (
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func BenchmarkParseSecret(b *testing.B) {
	_, holder := pattest.NewInstant(b, 1)
	text := holder.Secret.Reveal()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pat.ParseSecret(text); err != nil {
			b.Fatalf("ParseSecret: %v", err)
		}
	}
}

// BenchmarkAuthenticate uses a store that takes no time.
func BenchmarkAuthenticate(b *testing.B) {
	for _, size := range pattest.Sizes {
		b.Run(size.Name, func(b *testing.B) {
			store, holder := pattest.NewInstant(b, size.Tokens)
			service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
			b.ReportAllocs()
			for b.Loop() {
				who, err := service.Authenticate(b.Context(), holder.Secret)
				if err != nil || who != holder.Identity() {
					b.Fatalf("Authenticate: got %v, error %v, want the holder", who, err)
				}
			}
		})
	}
}
