package dynamostore

import (
	"strconv"
	"strings"

	"pats/pkg/pat"
)

// makerText returns "<user> <token>", or "" for the zero Maker.
func makerText(m pat.Maker) string {
	if m == (pat.Maker{}) {
		return ""
	}
	return joinIDs([]int64{int64(m.User), int64(m.Token)})
}

// parseMaker returns the Maker whose makerText is text. Errors: errIDs.
func parseMaker(text string) (pat.Maker, error) {
	if text == "" {
		return pat.Maker{}, nil
	}
	ids, err := splitIDs[int64](text)
	if err != nil || len(ids) != 2 || ids[0] < 1 {
		return pat.Maker{}, errIDs
	}
	return pat.Maker{User: pat.UserID(ids[0]), Token: pat.TokenID(ids[1])}, nil
}

// joinIDs returns ids with a space between two.
func joinIDs[ID ~int64](ids []ID) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(int64(id), 10))
	}
	return strings.Join(texts, " ")
}

// splitIDs returns the IDs whose joinIDs is text. Errors: errIDs.
func splitIDs[ID ~int64](text string) ([]ID, error) {
	var ids []ID
	for part := range strings.FieldsSeq(text) {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil || id < 0 {
			return nil, errIDs
		}
		ids = append(ids, ID(id))
	}
	if joinIDs(ids) != text {
		return nil, errIDs
	}
	return ids, nil
}
