package cost

// Counted is what an operation takes, as a test counts it.
type Counted struct {
	CheckRuns, CheckReads, CheckLogged      float64
	Runs, Reads, Writes, ActLogged, Answers float64
}

// Assumed is what the package says of each operation, by name.
func Assumed() map[string]Counted {
	assumed := map[string]Counted{}
	for _, o := range operations {
		assumed[o.name] = Counted{o.check.runs, o.check.reads, o.check.logged, o.act.runs, o.act.reads, o.act.writes, o.act.logged, o.answer}
	}
	return assumed
}

// What the package says beside the operations.
const (
	AccessLine   = accessLine - lineBytes
	AccountBytes = accountBytes
	RecordedUse  = recordedUse
	TokensAUser  = tokensAUser
)
