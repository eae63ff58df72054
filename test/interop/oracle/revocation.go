// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/crl"
	"github.com/notaryproject/notation-core-go/revocation/purpose"
)

type revocationCase struct {
	Purpose     string    `json:"purpose"`
	Chain       [][]byte  `json:"chain"`
	Now         time.Time `json:"now"`
	SigningTime time.Time `json:"signingTime"`
	// Responses by scheme, host and the first element of the path; others are not reachable.
	Responses map[string]responseCase `json:"responses"`
}

type responseCase struct {
	Status int    `json:"status"`
	Body   []byte `json:"body"`
}

// decideRevocation checks the revocation of a chain with servers that answer as the case says.
func decideRevocation(input json.RawMessage) answer {
	each := read[revocationCase](input)
	setClock(each.Now)
	chain, err := parseCertificates(each.Chain)
	if err != nil {
		return refused("certificate-invalid", err)
	}
	client := &http.Client{Transport: servers(each.Responses)}
	fetcher, err := crl.NewHTTPFetcher(client)
	if err != nil {
		panic(err)
	}
	options := revocation.Options{OCSPHTTPClient: client, CRLFetcher: fetcher, CertChainPurpose: purpose.CodeSigning}
	if each.Purpose == "timestamping" {
		options.CertChainPurpose = purpose.Timestamping
	}
	validator, err := revocation.NewWithOptions(options)
	if err != nil {
		panic(err)
	}
	results, err := validator.ValidateContext(context.Background(),
		revocation.ValidateContextOptions{CertChain: chain, AuthenticSigningTime: each.SigningTime})
	if err != nil {
		return refused("chain-invalid", err)
	}
	facts := []string{}
	text := ""
	for _, found := range results {
		facts = append(facts, found.Result.String())
		for _, server := range found.ServerResults {
			if server.Error != nil {
				text += server.Error.Error() + "\n"
			}
		}
	}
	return answer{Accepted: true, Facts: facts, Text: text}
}

// servers answer requests from memory.
type servers map[string]responseCase

func (each servers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, found := each[request.URL.Scheme+"://"+request.URL.Host]
	if !found {
		return nil, errors.New("unreachable")
	}
	return &http.Response{
		StatusCode:    response.Status,
		Status:        http.StatusText(response.Status),
		Body:          io.NopCloser(bytes.NewReader(response.Body)),
		ContentLength: int64(len(response.Body)),
		Request:       request,
		Header:        http.Header{},
	}, nil
}
