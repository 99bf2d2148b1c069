package dynamostore

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// maxItemSize is 2 % below DynamoDB's limit of 409,600 bytes (400 KB), since AWS states the size of a number as an approximation.
const maxItemSize = 400_000

// CheckSize implements [pat.Store]: an account is one item, and an item has at most 400 KB. That is enough for about 2,400 tokens
// with descriptions of 20 characters.
func (s *Store) CheckSize(account pat.Account) error {
	item, err := attributevalue.MarshalMap(newAccountItem(account))
	if err != nil {
		return internal(err)
	}
	if size := itemSize(item); size > maxItemSize {
		return pat.TooLarge(fmt.Errorf("user %d has %d bytes, and at most %d fit", account.ID, size, maxItemSize))
	}
	return nil
}

// explainRefusal replaces err, DynamoDB's refusal of account, by that of CheckSize if the account is too large. Accounts are not
// checked before a write, since a change that removes tokens must succeed even close to the limit.
func (s *Store) explainRefusal(account pat.Account, err error) error {
	if err == nil || pat.KindOf(err) != pat.KindInternal {
		return err
	}
	if tooLarge := s.CheckSize(account); tooLarge != nil {
		return tooLarge
	}
	return err
}

// itemSize returns the bytes that an item takes, rounded up:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func itemSize(item values) int {
	size := 0
	for name, value := range item {
		size += len(name) + valueSize(value)
	}
	return size
}

// collectionOverhead is what a list or map takes, and elementOverhead what each of its elements takes besides its content.
const (
	collectionOverhead = 3
	elementOverhead    = 1
)

func valueSize(value types.AttributeValue) int {
	switch value := value.(type) {
	case *types.AttributeValueMemberS:
		return len(value.Value)
	case *types.AttributeValueMemberN:
		return (len(value.Value)+1)/2 + 1 // two digits a byte, and one byte
	case *types.AttributeValueMemberM:
		return collectionOverhead + len(value.Value)*elementOverhead + itemSize(value.Value)
	case *types.AttributeValueMemberL:
		size := collectionOverhead
		for _, element := range value.Value {
			size += elementOverhead + valueSize(element)
		}
		return size
	}
	return 1 // a boolean
}
