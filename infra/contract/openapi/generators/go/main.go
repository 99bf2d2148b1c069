// Command generators uses the client that oapi-codegen generates from the OpenAPI document: it creates a user and a token, reads
// both, meets an error, and deletes both.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"generators/pats"
)

func main() {
	if err := run(context.Background(), os.Getenv("PATS_URL"), os.Getenv("PATS_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url, token string) error {
	client, err := pats.NewClientWithResponses(url, pats.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", token)
		return nil
	}))
	if err != nil {
		return err
	}
	if err := useUser(ctx, client); err != nil {
		return err
	}
	return useToken(ctx, client)
}

func useUser(ctx context.Context, client *pats.ClientWithResponses) error {
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	created, err := client.CreateUserWithResponse(ctx, pats.CreateUserSchema{Username: &name, RootRole: pats.RoleIdSchemaViewer})
	if err != nil {
		return err
	}
	if created.JSON201 == nil || created.JSON201.Username == nil || *created.JSON201.Username != name {
		return fmt.Errorf("creating a user: got %s", created.Body)
	}
	found, err := client.SearchUsersWithResponse(ctx, &pats.SearchUsersParams{Q: &name})
	if err != nil {
		return err
	}
	if found.JSON200 == nil || len(*found.JSON200) != 1 || (*found.JSON200)[0].Id != created.JSON201.Id {
		return fmt.Errorf("searching for the user: got %s", found.Body)
	}
	deleted, err := client.DeleteUserWithResponse(ctx, created.JSON201.Id)
	if err != nil {
		return err
	}
	if deleted.StatusCode() != http.StatusOK {
		return fmt.Errorf("deleting the user: got %s", deleted.Body)
	}
	fmt.Println("user: created, found, deleted")
	return nil
}

func useToken(ctx context.Context, client *pats.ClientWithResponses) error {
	draft := pats.CreatePatSchema{
		Description: fmt.Sprintf("go-%d", time.Now().UnixNano()),
		ExpiresAt:   time.Now().Add(time.Hour),
		Scopes:      &[]string{"pats:read"},
	}
	created, err := client.CreatePatWithResponse(ctx, &pats.CreatePatParams{}, draft)
	if err != nil {
		return err
	}
	if created.JSON201 == nil || created.JSON201.Secret == "" || created.JSON201.Scopes == nil || (*created.JSON201.Scopes)[0] != "pats:read" {
		return fmt.Errorf("creating a token: got status %d", created.StatusCode())
	}
	again, err := client.CreatePatWithResponse(ctx, &pats.CreatePatParams{}, draft)
	if err != nil {
		return err
	}
	if again.JSON409 == nil || again.JSON409.Name != "NameExistsError" {
		return fmt.Errorf("creating the token again: got status %d", again.StatusCode())
	}
	list, err := client.GetPatsWithResponse(ctx, &pats.GetPatsParams{})
	if err != nil {
		return err
	}
	if list.JSON200 == nil || list.JSON200.Pats[len(list.JSON200.Pats)-1].Description != draft.Description {
		return fmt.Errorf("listing tokens: got %s", list.Body)
	}
	descendants := true
	deleted, err := client.DeletePatWithResponse(ctx, created.JSON201.Id, &pats.DeletePatParams{Descendants: &descendants})
	if err != nil {
		return err
	}
	if deleted.StatusCode() != http.StatusOK {
		return fmt.Errorf("deleting the token: got %s", deleted.Body)
	}
	fmt.Println("token: created, refused, listed, deleted")
	return nil
}
