package api

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"

	"pats/pkg/pat"
)

// page selects users by id.
type page struct {
	// after is the highest id that is not looked at.
	after pat.UserID
	limit int
}

// readPage reads the query parameters after and limit. most is the maximum of limit, and the default.
func readPage(req *request, most int64) (page, error) {
	after, err := req.queryNumber("after", 0, 0, pat.MaxID)
	if err != nil {
		return page{}, err
	}
	limit, err := req.queryNumber("limit", most, 1, most)
	return page{after: pat.UserID(after), limit: int(limit)}, err
}

// link returns the header Link of the page after the user next (RFC 8288), with the other parameters in query. It is relative to the
// request, so that it stays under a stage or a base path.
func (p page) link(next pat.UserID, query url.Values) string {
	query = maps.Clone(query)
	query.Set("after", strconv.FormatInt(int64(next), 10))
	query.Set("limit", strconv.Itoa(p.limit))
	return fmt.Sprintf(`<?%s>; rel="next"`, query.Encode())
}
