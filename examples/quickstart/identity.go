package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// identity asks the identity provider, a service of somebody else.
type identity struct {
	client *http.Client
	url    string
}

// providerError is a failure of the identity provider, not of this service.
type providerError struct {
	timeout bool
	err     error
}

func (e *providerError) Error() string { return "identity provider: " + e.err.Error() }

func (e *providerError) Unwrap() error { return e.err }

// user returns the user whom token belongs to. Each failure is a *providerError.
func (i *identity) user(ctx context.Context, token string) (int64, error) {
	user, err := i.ask(ctx, token)
	if err != nil {
		var waiting interface{ Timeout() bool }
		return 0, &providerError{timeout: errors.As(err, &waiting) && waiting.Timeout(), err: err}
	}
	return user, nil
}

func (i *identity) ask(ctx context.Context, token string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := i.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answered %s", resp.Status)
	}
	var claims struct {
		User int64 `json:"user"`
	}
	err = json.NewDecoder(resp.Body).Decode(&claims)
	return claims.User, err
}
