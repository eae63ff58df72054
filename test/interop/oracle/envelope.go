// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	_ "github.com/notaryproject/notation-core-go/signature/cose"
	_ "github.com/notaryproject/notation-core-go/signature/jws"
)

type envelopeCase struct {
	MediaType string `json:"mediaType"`
	Envelope  []byte `json:"envelope"`
}

type envelopeFacts struct {
	Verified string `json:"verified"`
	Read     string `json:"read"`
	// Content is what the envelope says, if it can be read at all.
	Content *contentFacts `json:"content,omitempty"`
}

// decideEnvelope parses an envelope, verifies its integrity, and reads it without.
func decideEnvelope(input json.RawMessage) answer {
	each := read[envelopeCase](input)
	envelope, err := signature.ParseEnvelope(each.MediaType, each.Envelope)
	if err != nil {
		return refused("parse "+envelopeClass(err), err)
	}
	content, readError := envelope.Content()
	facts := envelopeFacts{Verified: "ok", Read: envelopeClass(readError)}
	if readError == nil {
		facts.Content = describeContent(content)
	}
	if _, err := envelope.Verify(); err != nil {
		facts.Verified = envelopeClass(err)
		return answer{Stage: facts.Verified, Facts: facts, Text: err.Error()}
	}
	return accepted(facts)
}

func envelopeClass(err error) string {
	var invalid *signature.InvalidSignatureError
	var integrity *signature.SignatureIntegrityError
	var notFound *signature.SignatureNotFoundError
	var algorithm *signature.UnsupportedSignatureAlgoError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &integrity):
		return "envelope-integrity"
	case errors.As(err, &invalid):
		return "envelope-invalid"
	case errors.As(err, &notFound):
		return "envelope-not-found"
	case errors.As(err, &algorithm):
		return "algorithm-unsupported"
	}
	return fmt.Sprintf("other: %T", err)
}

type contentFacts struct {
	ContentType string   `json:"contentType"`
	Payload     string   `json:"payload"`
	Scheme      string   `json:"scheme"`
	SigningTime string   `json:"signingTime"`
	Expiry      string   `json:"expiry"`
	Extended    []string `json:"extended"`
	Agent       string   `json:"agent"`
	Timestamp   int      `json:"timestamp"`
	Algorithm   int      `json:"algorithm"`
	Chain       int      `json:"chain"`
}

func describeContent(content *signature.EnvelopeContent) *contentFacts {
	signer := content.SignerInfo
	attributes := signer.SignedAttributes
	payload := sha256.Sum256(content.Payload.Content)
	extended := []string{}
	for _, each := range attributes.ExtendedAttributes {
		extended = append(extended, fmt.Sprintf("%T %v %v", each.Key, each.Key, each.Critical))
	}
	sort.Strings(extended)
	return &contentFacts{
		ContentType: content.Payload.ContentType,
		Payload:     hex.EncodeToString(payload[:]),
		Scheme:      string(attributes.SigningScheme),
		SigningTime: claimedTime(attributes.SigningTime),
		Expiry:      claimedTime(attributes.Expiry),
		Extended:    extended,
		Agent:       signer.UnsignedAttributes.SigningAgent,
		Timestamp:   len(signer.UnsignedAttributes.TimestampSignature),
		Algorithm:   int(signer.SignatureAlgorithm),
		Chain:       len(signer.CertificateChain),
	}
}

// claimedTime is a time in milliseconds with its offset in minutes where the format has one.
func claimedTime(claimed time.Time) string {
	if claimed.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%03d", claimed.Unix(), claimed.Nanosecond()/1_000_000)
}
