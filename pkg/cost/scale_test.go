package cost_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/cost"
)

// AWS's limits, with their sources in docs/scale.md, in units or requests a second.
const (
	partitionReads, partitionWrites = 3000, 1000
	newTableReads, newTableWrites   = 12_000, 4000
	tableReads, tableWrites         = 40_000, 40_000
	invocations                     = 10_000
	// transactional is the factor by which a transaction multiplies the units of a write.
	transactional = 2
)

// TestScaleDocument checks that the rates in docs/scale.md are AWS's limits divided by the units that operations take.
func TestScaleDocument(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/scale.md")
	must(t, err)
	document := strings.Join(strings.Fields(string(raw)), " ")
	operations := cost.Assumed()
	list, create := operations["list tokens"], operations["create a user"]
	uncached := list.Reads + list.CheckReads
	month := cost.Load{Requests: 1e9, Tokens: 1e5, Writes: 0.01, TTL: time.Minute, SeenInterval: 5 * time.Minute}
	const seconds = 730 * 3600
	const caller = 1 // the read of the caller's account
	for _, sentence := range []string{
		fmt.Sprintf("%s requests/s uncached, %s cached | raise the quota; a longer", whole(invocations/(list.Runs+list.CheckRuns)), whole(invocations/list.Runs)),
		fmt.Sprintf("a new table, reads | %s requests/s uncached, %s cached", whole(newTableReads/uncached), whole(newTableReads/list.Reads)),
		fmt.Sprintf("a new table, creating users | %s users/s", whole(newTableWrites/create.Writes)),
		fmt.Sprintf("the table's quota | %s requests/s uncached, %s cached; %s users/s", whole(tableReads/uncached), whole(tableReads/list.Reads), whole(tableWrites/create.Writes)),
		fmt.Sprintf("one user's partition, reads | %s requests/s uncached, %s cached", whole(partitionReads/uncached), whole(partitionReads/list.Reads)),
		fmt.Sprintf("%s users/s created, renamed or deleted; %s pages/s of 100 users", whole(partitionWrites/transactional), whole(partitionReads/(operations["list 100 users"].Reads-caller))),
		fmt.Sprintf("the count of enabled Admins | %s/s by units", whole(partitionWrites/transactional)),
		fmt.Sprintf("are %s/s on average and %s/s at four times that", whole(1e9/seconds+0.5), whole(4e9/seconds+0.5)),
		fmt.Sprintf("are %s write units a second", whole(line(t, bill(t, month, "pats"), "DynamoDB, recorded uses").Quantity/seconds)),
	} {
		if !strings.Contains(document, sentence) {
			t.Errorf("docs/scale.md does not contain %q", sentence)
		}
	}
}

// whole returns n without its fraction, with commas between thousands.
func whole(n float64) string {
	if n < 1000 {
		return strconv.Itoa(int(n))
	}
	return fmt.Sprintf("%d,%03d", int(n)/1000, int(n)%1000)
}
