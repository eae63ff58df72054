// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/result"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/plugin"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	frameworkplugin "github.com/notaryproject/notation-plugin-framework-go/plugin"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type verificationCase struct {
	Policy        []byte               `json:"policy"`
	Repository    string               `json:"repository"`
	Artifact      ocispec.Descriptor   `json:"artifact"`
	Signatures    []envelopeCase       `json:"signatures"`
	Stores        map[string]storeCase `json:"stores"`
	Now           time.Time            `json:"now"`
	CodeSigning   []string             `json:"codeSigning"`
	Timestamping  []string             `json:"timestamping"`
	Metadata      map[string]string    `json:"metadata"`
	MaxSignatures int                  `json:"maxSignatures"`
}

type storeCase struct {
	Certificates [][]byte `json:"certificates"`
	Error        string   `json:"error"`
}

// signatureFacts is what was found of a signature: each validation as `type action passed`, and what failed beside them.
type signatureFacts struct {
	Validations []string `json:"validations"`
	Class       string   `json:"class"`
}

// decideVerification verifies an artifact as `notation verify` does, at the time that the case says.
func decideVerification(input json.RawMessage) answer {
	each := read[verificationCase](input)
	setClock(each.Now)
	document, err := parsePolicy(each.Policy)
	if err != nil {
		return refused("policy", err)
	}
	checked, err := verifier.NewWithOptions(document, &stores{each.Stores}, noPlugins{}, verifier.VerifierOptions{
		RevocationCodeSigningValidator:  stubbedRevocation{each.CodeSigning},
		RevocationTimestampingValidator: stubbedRevocation{each.Timestamping},
	})
	if err != nil {
		return refused("policy", err)
	}
	recorder := &recorder{Verifier: checked, facts: []signatureFacts{}}
	_, outcomes, err := notation.Verify(context.Background(), recorder, &repository{each}, notation.VerifyOptions{
		ArtifactReference:    each.Repository + "@" + each.Artifact.Digest.String(),
		MaxSignatureAttempts: each.MaxSignatures,
		UserMetadata:         each.Metadata,
	})
	if err != nil {
		return answer{Stage: verificationClass(err), Facts: recorder.facts, Text: err.Error()}
	}
	if len(outcomes) == 1 && outcomes[0].VerificationLevel.Name == "skip" {
		return accepted("skipped")
	}
	return accepted(recorder.facts)
}

func verificationClass(err error) string {
	var noPolicy notation.NoApplicableTrustPolicyError
	var retrieval notation.SignatureRetrievalFailedError
	switch {
	case errors.As(err, &noPolicy):
		return "no-statement"
	case errors.As(err, &retrieval):
		return "retrieval"
	case strings.Contains(err.Error(), "configured limit of"):
		return "limit"
	}
	return "failed"
}

// recorder remembers what a verifier finds of each signature.
type recorder struct {
	notation.Verifier
	facts []signatureFacts
}

type skipper interface {
	SkipVerify(context.Context, notation.VerifierVerifyOptions) (bool, *trustpolicy.VerificationLevel, error)
}

func (each *recorder) SkipVerify(ctx context.Context, options notation.VerifierVerifyOptions) (bool, *trustpolicy.VerificationLevel, error) {
	return each.Verifier.(skipper).SkipVerify(ctx, options)
}

func (each *recorder) Verify(ctx context.Context, artifact ocispec.Descriptor, envelope []byte, options notation.VerifierVerifyOptions) (*notation.VerificationOutcome, error) {
	outcome, err := each.Verifier.Verify(ctx, artifact, envelope, options)
	facts := signatureFacts{Validations: []string{}, Class: "ok"}
	critical := false
	for _, found := range outcome.VerificationResults {
		state := "passed"
		if found.Error != nil {
			state = "failed"
			critical = critical || found.Action == trustpolicy.ActionEnforce
		}
		facts.Validations = append(facts.Validations, fmt.Sprintf("%s %s %s", found.Type, found.Action, state))
	}
	if err != nil {
		facts.Class = outcomeClass(err, critical)
	}
	each.facts = append(each.facts, facts)
	return outcome, err
}

func outcomeClass(err error, critical bool) string {
	var metadata notation.UserMetadataVerificationFailedError
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case critical:
		return "validation"
	case errors.As(err, &metadata):
		return "metadata"
	case err.Error() == "content descriptor mismatch":
		return "mismatch"
	case errors.As(err, &syntax), errors.As(err, &mistyped):
		return "payload"
	}
	return "plugin"
}

// stores are trust stores in memory, as `type:name`.
type stores struct{ content map[string]storeCase }

func (each *stores) GetCertificates(_ context.Context, storeType truststore.Type, name string) ([]*x509.Certificate, error) {
	store, found := each.content[string(storeType)+":"+name]
	if !found || store.Error != "" {
		return nil, truststore.TrustStoreError{Msg: "no such store"}
	}
	return parseCertificates(store.Certificates)
}

type noPlugins struct{}

func (noPlugins) Get(context.Context, string) (frameworkplugin.Plugin, error) {
	return nil, errors.New("no plugin is installed")
}

func (noPlugins) List(context.Context) ([]string, error) { return nil, nil }

var _ plugin.Manager = noPlugins{}

// stubbedRevocation answers with given results, or fails.
type stubbedRevocation struct{ results []string }

var revocationResults = map[string]result.Result{
	"good":          result.ResultOK,
	"not-revokable": result.ResultNonRevokable,
	"unknown":       result.ResultUnknown,
	"revoked":       result.ResultRevoked,
}

func (each stubbedRevocation) ValidateContext(_ context.Context, options revocation.ValidateContextOptions) ([]*result.CertRevocationResult, error) {
	if len(each.results) == 0 {
		return nil, errors.New("revocation cannot be checked")
	}
	results := []*result.CertRevocationResult{}
	for index := range options.CertChain {
		found := revocationResults[each.results[min(index, len(each.results)-1)]]
		server := result.NewServerResult(found, "", nil)
		results = append(results, &result.CertRevocationResult{Result: found, ServerResults: []*result.ServerResult{server}})
	}
	return results, nil
}

// repository is an artifact with its signatures.
type repository struct{ content verificationCase }

func (each *repository) Resolve(context.Context, string) (ocispec.Descriptor, error) {
	return each.content.Artifact, nil
}

func (each *repository) ListSignatures(_ context.Context, _ ocispec.Descriptor, visit func([]ocispec.Descriptor) error) error {
	manifests := []ocispec.Descriptor{}
	for index := range each.content.Signatures {
		manifests = append(manifests, ocispec.Descriptor{Digest: digest.FromString(fmt.Sprint(index)), Size: int64(index)})
	}
	if len(manifests) == 0 {
		return nil
	}
	return visit(manifests)
}

func (each *repository) FetchSignatureBlob(_ context.Context, manifest ocispec.Descriptor) ([]byte, ocispec.Descriptor, error) {
	signature := each.content.Signatures[manifest.Size]
	return signature.Envelope, ocispec.Descriptor{MediaType: signature.MediaType}, nil
}

func (each *repository) PushSignature(context.Context, string, []byte, ocispec.Descriptor, map[string]string) (ocispec.Descriptor, ocispec.Descriptor, error) {
	return ocispec.Descriptor{}, ocispec.Descriptor{}, errors.New("read-only")
}
