package cost

import "time"

// OperationBill is what a million requests of a kind cost.
type OperationBill struct {
	Operation string `json:"operation"`
	// Cached says whether API Gateway has the authorizer's answer in its cache for all of them, or for none.
	Cached bool   `json:"cached"`
	Lines  []Line `json:"lines"`
}

// Total is the sum of the lines, in dollars.
func (b OperationBill) Total() float64 { return Bill{Lines: b.Lines}.Total() }

// Operations are what a million requests of each kind cost: first with no answer of the authorizer cached, then with all, and
// last what a million recorded uses cost on top of the former. What is stored, and the key, are in none of them.
func Operations() []OperationBill {
	var bills []OperationBill
	for _, cached := range []bool{false, true} {
		for _, o := range operations {
			bills = append(bills, o.million(cached))
		}
	}
	return append(bills, millionLines("record a use", false, uses{writes: recordedUse}))
}

func (o operation) million(cached bool) OperationBill {
	if cached {
		return millionLines(o.name, cached, o.uses(0))
	}
	return millionLines(o.name, cached, o.uses(1))
}

func millionLines(name string, cached bool, one uses) OperationBill {
	u := one.times(million)
	gateway := line("API Gateway", u.requests, "requests", restRequest)
	return OperationBill{name, cached, append([]Line{gateway}, u.lines()...)}
}

// Turn is this service with one setting turned.
type Turn struct {
	What string
	Bill Bill
}

// Turns are what a load costs as it is, and with what can be turned: AuthorizerTtlSeconds, and pat.SeenInterval, which is a
// constant of the code.
func Turns(load Load) []Turn {
	turned := func(what string, turn func(*Load)) Turn {
		other := load
		turn(&other)
		return Turn{what, restAPI(other)}
	}
	return []Turn{
		turned("as it is", func(*Load) {}),
		turned("AuthorizerTtlSeconds 0", func(l *Load) { l.TTL = 0 }),
		turned("AuthorizerTtlSeconds 300", func(l *Load) { l.TTL = 5 * time.Minute }),
		turned("AuthorizerTtlSeconds 3600", func(l *Load) { l.TTL = time.Hour }),
		turned("SeenInterval of an hour", func(l *Load) { l.SeenInterval = time.Hour }),
		turned("SeenInterval of a day", func(l *Load) { l.SeenInterval = 24 * time.Hour }),
	}
}
