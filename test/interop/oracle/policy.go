// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"
)

type policyCase struct {
	Policy []byte `json:"policy"`
	// Reference is the artifact that a statement is selected for.
	Reference string `json:"reference"`
}

type policyFacts struct {
	Statement string            `json:"statement"`
	Level     string            `json:"level"`
	Actions   map[string]string `json:"actions"`
	Stores    []string          `json:"stores"`
	Identites int               `json:"identities"`
}

// decidePolicy loads a trust policy document as the reference loads its file, and selects a statement of it.
func decidePolicy(input json.RawMessage) answer {
	each := read[policyCase](input)
	document, err := parsePolicy(each.Policy)
	if err != nil {
		return refused("malformed", err)
	}
	if err := document.Validate(); err != nil {
		return refused("invalid", err)
	}
	statement, err := document.GetApplicableTrustPolicy(each.Reference)
	if err != nil {
		return refused("not-applicable", err)
	}
	level, err := statement.SignatureVerification.GetVerificationLevel()
	if err != nil {
		return refused("level", err)
	}
	actions := map[string]string{}
	for kind, action := range level.Enforcement {
		actions[string(kind)] = string(action)
	}
	stores := append([]string{}, statement.TrustStores...)
	return accepted(policyFacts{statement.Name, level.Name, actions, stores, len(statement.TrustedIdentities)})
}

// parsePolicy decodes as trustpolicy.LoadDocument does, which only reads files.
func parsePolicy(text []byte) (*trustpolicy.Document, error) {
	document := &trustpolicy.Document{}
	return document, json.NewDecoder(bytes.NewReader(text)).Decode(document)
}
