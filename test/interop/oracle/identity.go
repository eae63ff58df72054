// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type identityCase struct {
	Identities []string `json:"identities"`
	Leaf       []byte   `json:"leaf"`
}

// givenEnvelope is an envelope whose content is a bare certificate: only its identity is asked for.
type givenEnvelope struct{ leaf *x509.Certificate }

const givenMediaType = "application/vnd.oracle.given"

func init() {
	parse := func(encoded []byte) (signature.Envelope, error) {
		leaf, err := x509.ParseCertificate(encoded)
		return givenEnvelope{leaf}, err
	}
	create := func() signature.Envelope { return givenEnvelope{} }
	if err := signature.RegisterEnvelopeType(givenMediaType, create, parse); err != nil {
		panic(err)
	}
}

func (givenEnvelope) Sign(*signature.SignRequest) ([]byte, error) { return nil, errors.New("unused") }

func (each givenEnvelope) Verify() (*signature.EnvelopeContent, error) { return each.Content() }

func (each givenEnvelope) Content() (*signature.EnvelopeContent, error) {
	return &signature.EnvelopeContent{
		Payload: signature.Payload{ContentType: "application/vnd.cncf.notary.payload.v1+json", Content: []byte("{}")},
		SignerInfo: signature.SignerInfo{
			SignedAttributes: signature.SignedAttributes{SigningScheme: signature.SigningSchemeX509, SigningTime: time.Now()},
			CertificateChain: []*x509.Certificate{each.leaf},
		},
	}, nil
}

// decideIdentity asks whether a certificate's subject is one of the trusted identities of a policy.
func decideIdentity(input json.RawMessage) answer {
	each := read[identityCase](input)
	leaf, err := x509.ParseCertificate(each.Leaf)
	if err != nil {
		return refused("certificate-invalid", err)
	}
	setClock(time.Unix(1_780_272_000, 0))
	document := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name:                  "identity",
		RegistryScopes:        []string{"*"},
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: "strict"},
		TrustStores:           []string{"ca:store"},
		TrustedIdentities:     each.Identities,
	}}}
	checked, err := verifier.NewWithOptions(document, &stores{map[string]storeCase{"ca:store": {Certificates: [][]byte{leaf.Raw}}}},
		nil, verifier.VerifierOptions{
			RevocationCodeSigningValidator:  stubbedRevocation{[]string{"good"}},
			RevocationTimestampingValidator: stubbedRevocation{},
		})
	if err != nil {
		return refused("policy", err)
	}
	outcome, err := checked.Verify(context.Background(), ocispec.Descriptor{}, leaf.Raw,
		notation.VerifierVerifyOptions{ArtifactReference: anyReference, SignatureMediaType: givenMediaType})
	if err == nil {
		return accepted(nil)
	}
	for _, each := range outcome.VerificationResults {
		if each.Type == trustpolicy.TypeAuthenticity && each.Error != nil {
			return refused("identity", each.Error)
		}
	}
	return refused("other", err)
}

const anyReference = "reg.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000"

var _ truststore.X509TrustStore = &stores{}
