package pat

import (
	"context"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// searchMost bounds the users that one search looks at.
	searchMost = 10_000
	// searchPage is the number of users that a search reads at once.
	searchPage = 1000
	// searchMinLen is the length of the shortest query that finds users, in UTF-16 code units, as Unleash counts.
	searchMinLen = 2
)

// SearchUsers returns the users, without service accounts, who match query, in rising order of ID. Whoever has exactly this username or
// email address is the only match, found with two reads. Otherwise a user matches as in Unleash: if the name contains query, or the
// username or the email address begins with it, in any case; the search then covers the 10,000 users with the lowest IDs. A query of fewer
// than two characters, or of more than MaxTextLen, matches no user. Accounts found by a search come without tokens, as from Users. Errors:
// KindUnavailable.
func (s *Service) SearchUsers(ctx context.Context, query string) ([]Account, error) {
	if len(utf16.Encode([]rune(query))) < searchMinLen || utf8.RuneCountInString(query) > MaxTextLen {
		return nil, nil
	}
	account, err := s.userWithKey(ctx, query)
	switch {
	case err == nil && account.Type == UserAccount:
		account.Tokens, account.Spent = nil, nil
		return []Account{account}, nil
	case err != nil && KindOf(err) != KindNotFound:
		return nil, err
	}
	return s.scanUsers(ctx, strings.ToLower(query))
}

// userWithKey reads the user whose username or email address is text. Errors: KindNotFound, KindUnavailable.
func (s *Service) userWithKey(ctx context.Context, text string) (Account, error) {
	err := error(NoUser(nil))
	keys := (Profile{Username: text, Email: text}).Normal().UniqueKeys()
	if strings.Contains(text, "@") {
		slices.Reverse(keys) // an address is more likely an email than a username
	}
	for _, key := range keys {
		var id UserID
		if id, err = s.store.FindUser(ctx, key); err == nil {
			return s.store.Account(ctx, id)
		}
		if KindOf(err) != KindNotFound {
			return Account{}, err
		}
	}
	return Account{}, err
}

// scanUsers returns the users among the first searchMost who match lower, a query in lower case.
func (s *Service) scanUsers(ctx context.Context, lower string) ([]Account, error) {
	var matches []Account
	last := UserID(0)
	for range searchMost / searchPage {
		page, err := s.store.Accounts(ctx, last, searchPage, UserAccount)
		if err != nil {
			return nil, err
		}
		for _, account := range page {
			if account.matches(lower) {
				matches = append(matches, account)
			}
			last = account.ID
		}
		if len(page) < searchPage {
			break
		}
	}
	return matches, nil
}

func (p Profile) matches(lower string) bool {
	return strings.Contains(strings.ToLower(p.Name), lower) ||
		strings.HasPrefix(strings.ToLower(p.Username), lower) ||
		strings.HasPrefix(strings.ToLower(p.Email), lower)
}

// AdminCount returns the number of persons who are enabled Admins, with one read. Errors: KindUnavailable.
func (s *Service) AdminCount(ctx context.Context) (int, error) {
	return s.store.CountAdmins(ctx)
}

// ServiceAdminCount returns the number of service accounts that are enabled Admins, after listing all service accounts.
// Errors: KindUnavailable.
func (s *Service) ServiceAdminCount(ctx context.Context) (int, error) {
	count := 0
	for last := UserID(0); ; {
		page, err := s.store.Accounts(ctx, last, searchPage, ServiceAccount)
		if err != nil {
			return 0, err
		}
		for _, account := range page {
			if account.EnabledAdmin() {
				count++
			}
			last = account.ID
		}
		if len(page) < searchPage {
			return count, nil
		}
	}
}
