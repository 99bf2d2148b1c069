package apitypes

import "pats/pkg/pat"

// ServiceAccount is a service account, without the members of Unleash's that pats has no values for.
type ServiceAccount struct {
	ID       pat.UserID `json:"id"`
	Name     string     `json:"name,omitempty"`
	Username string     `json:"username,omitempty"`
	// Email is absent unless it was imported.
	Email     string   `json:"email,omitempty"`
	CreatedAt Time     `json:"createdAt"`
	RootRole  pat.Role `json:"rootRole"`
	// Disabled is not in Unleash's schema. It is absent for an enabled account.
	Disabled bool `json:"disabled,omitempty"`
	// Tokens is absent from the responses to a create and an update.
	Tokens []Token `json:"tokens,omitzero"`
}

// NewServiceAccount returns the JSON of account without tokens.
func NewServiceAccount(account pat.Account) ServiceAccount {
	return ServiceAccount{
		ID:        account.ID,
		Name:      account.Name,
		Username:  account.Username,
		Email:     account.Email,
		CreatedAt: Time{account.CreatedAt},
		RootRole:  account.Role,
		Disabled:  account.Disabled,
	}
}

// ServiceAccountList is a page of service accounts and the roles that an account can have.
type ServiceAccountList struct {
	ServiceAccounts []ServiceAccount `json:"serviceAccounts"`
	RootRoles       []Role           `json:"rootRoles"`
}

// NewServiceAccountList returns the JSON of page. No accounts and no tokens become empty arrays.
func NewServiceAccountList(page []pat.UserTokens) ServiceAccountList {
	list := ServiceAccountList{ServiceAccounts: make([]ServiceAccount, 0, len(page)), RootRoles: rootRoles()}
	for _, of := range page {
		account := NewServiceAccount(of.User)
		account.Tokens = NewTokenList(of.User.ID, of.Tokens).Pats
		list.ServiceAccounts = append(list.ServiceAccounts, account)
	}
	return list
}
