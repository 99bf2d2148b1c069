package dynamostore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

// shortPages returns at most two items of a Query, as DynamoDB does when these fill a megabyte.
type shortPages struct{ dynamostore.API }

func (s shortPages) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	short := *in
	short.Limit = aws.Int32(min(2, aws.ToInt32(in.Limit)))
	return s.API.Query(ctx, &short, opts...)
}

// TestAccountsOverManyPages lists users over pages that DynamoDB cuts short, with gaps in the IDs where users were deleted.
func TestAccountsOverManyPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 9 {
		account := f.editor(t, fmt.Sprintf("user%d", i))
		if i%4 == 3 {
			if err := f.store.DeleteAccount(t.Context(), account); err != nil {
				t.Fatal(err)
			}
		}
	}
	store := dynamostore.New(shortPages{f.probe}, f.table)
	tests := []struct {
		name  string
		after pat.UserID
		limit int
		want  []pat.UserID
		calls int
	}{
		{"all", 0, 100, []pat.UserID{1, 2, 3, 5, 6, 7, 9}, 4},
		{"some", 0, 3, []pat.UserID{1, 2, 3}, 2},
		{"from within a gap", 4, 3, []pat.UserID{5, 6, 7}, 2},
		{"to the end", 7, 2, []pat.UserID{9}, 1},
		{"after the end", 9, 2, nil, 1},
		{"after the largest ID", pat.MaxID, 2, nil, 1},
		{"after a number that is not an ID", -1, 1, []pat.UserID{1}, 1},
		{"none", 0, 0, nil, 0},
		{"less than none", 0, -1, nil, 0},
	}
	for _, test := range tests { // one after the other: they share the probe
		f.probe.forget()
		accounts, err := store.Accounts(t.Context(), test.after, test.limit, pat.UserAccount)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		var got []pat.UserID
		for _, account := range accounts {
			got = append(got, account.ID)
		}
		equal(t, test.name, got, test.want)
		equal(t, test.name+": calls", f.probe.made()[query], test.calls)
	}
}
