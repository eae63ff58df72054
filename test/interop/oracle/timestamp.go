// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"time"

	corex509 "github.com/notaryproject/notation-core-go/x509"
	"github.com/notaryproject/tspclient-go"
)

type timestampTokenCase struct {
	Token   []byte   `json:"token"`
	Message []byte   `json:"message"`
	Roots   [][]byte `json:"roots"`
}

type timestampFacts struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Chain int    `json:"chain"`
}

const nanoseconds = "2006-01-02T15:04:05.000000000Z"

// decideTimestampToken takes the steps of the reference's verifier with a timestamp countersignature.
func decideTimestampToken(input json.RawMessage) answer {
	each := read[timestampTokenCase](input)
	token, err := tspclient.ParseSignedToken(each.Token)
	if err != nil {
		return refused("parse", err)
	}
	info, err := token.Info()
	if err != nil {
		return refused("info", err)
	}
	timestamp, err := info.Validate(each.Message)
	if err != nil {
		return refused("validate", err)
	}
	roots := x509.NewCertPool()
	certificates, err := parseCertificates(each.Roots)
	if err != nil {
		return refused("roots", err)
	}
	for _, root := range certificates {
		roots.AddCert(root)
	}
	chain, err := token.Verify(context.Background(), x509.VerifyOptions{CurrentTime: timestamp.Value, Roots: roots})
	if err != nil {
		return refused("verify", err)
	}
	if err := corex509.ValidateTimestampingCertChain(chain); err != nil {
		return refused("chain", err)
	}
	shown := func(at time.Time) string { return at.UTC().Format(nanoseconds) }
	from, to := timestamp.Value.Add(-timestamp.Accuracy), timestamp.Value.Add(timestamp.Accuracy)
	return accepted(timestampFacts{shown(from), shown(to), len(chain)})
}

type timestampResponseCase struct {
	Request  []byte `json:"request"`
	Response []byte `json:"response"`
}

// decideTimestampResponse reads an authority's answer to a request.
func decideTimestampResponse(input json.RawMessage) answer {
	each := read[timestampResponseCase](input)
	var request tspclient.Request
	if err := request.UnmarshalBinary(each.Request); err != nil {
		return refused("request", err)
	}
	var response tspclient.Response
	if err := response.UnmarshalBinary(each.Response); err != nil {
		return refused("response", err)
	}
	if err := response.Validate(&request); err != nil {
		return refused("response", err)
	}
	return accepted(nil)
}
