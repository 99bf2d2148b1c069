package cost

// Counted is what an operation uses, as a test counts it.
type Counted struct {
	CheckRuns, CheckReads, CheckLogged        float64
	Runs, Reads, Writes, ActLogged, Responses float64
}

// Assumed returns what the package assumes of each operation, by name.
func Assumed() map[string]Counted {
	assumed := map[string]Counted{}
	for _, o := range operations {
		assumed[o.name] = Counted{o.check.runs, o.check.reads, o.check.logged, o.act.runs, o.act.reads, o.act.writes, o.act.logged, o.response}
	}
	return assumed
}

// Further assumptions.
const (
	AccessLine   = accessLine - lineBytes
	AccountBytes = accountBytes
	RecordedUse  = recordedUse
	TokensAUser  = tokensAUser
)
