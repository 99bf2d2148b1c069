package cost

// OperationBill is the cost of a million requests of one kind.
type OperationBill struct {
	Operation string `json:"operation"`
	// Cached reports whether API Gateway has cached the authorizer's response for all of them, or for none.
	Cached bool   `json:"cached"`
	Lines  []Line `json:"lines"`
}

// Total returns the sum of the lines in dollars.
func (b OperationBill) Total() float64 { return Bill{Lines: b.Lines}.Total() }

// Operations returns the cost of a million requests of each kind: first with no authorizer response cached, then with all cached.
// The last bill is what a million recorded uses add to the former. No bill includes storage or the table's key.
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
