package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// problem is the shape of every refusal, with nothing beside it.
type problem struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Message string `json:"message"`
	Details []struct {
		Message string `json:"message"`
		Path    string `json:"path"`
	} `json:"details"`
}

// judge says what is wrong with an answer to a request that is right: it may have one of the statuses that are right, or be a
// 503 that tells the client to come back.
func judge(a answer, right ...int) error {
	switch {
	case slices.Contains(right, a.status):
		return nil
	case a.status == http.StatusServiceUnavailable:
		return judgeUnavailable(a)
	}
	return fmt.Errorf("got %v, want one of %v or a 503", a, right)
}

func judgeUnavailable(a answer) error {
	p, err := problemOf(a)
	if err != nil {
		return fmt.Errorf("a 503 not in the shape of an error: %w: %v", err, a)
	}
	var faults []error
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 {
		faults = append(faults, fmt.Errorf("the 503 has Retry-After %q", a.header.Get("Retry-After")))
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		faults = append(faults, fmt.Errorf("the 503 has Content-Type %q", a.header.Get("Content-Type")))
	}
	if !uuid.MatchString(p.ID) || p.Name != "ServiceUnavailableError" || p.Message == "" || len(p.Details) == 0 || p.Details[0].Message == "" {
		faults = append(faults, fmt.Errorf("the 503 lacks a part: %v", a))
	}
	return errors.Join(faults...)
}

func problemOf(a answer) (problem, error) {
	var p problem
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&p)
	return p, err
}
