// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	corex509 "github.com/notaryproject/notation-core-go/x509"
	"github.com/notaryproject/notation-go/verifier/truststore"
)

type certificateCase struct {
	Certificate []byte `json:"certificate"`
}

type certificateFacts struct {
	Subject        string   `json:"subject"`
	Issuer         string   `json:"issuer"`
	NotBefore      int64    `json:"notBefore"`
	NotAfter       int64    `json:"notAfter"`
	Version        int      `json:"version"`
	Serial         string   `json:"serial"`
	Algorithm      string   `json:"algorithm"`
	KeyUsage       int      `json:"keyUsage"`
	ExtendedUsages int      `json:"extendedUsages"`
	Authority      bool     `json:"authority"`
	Constrained    bool     `json:"constrained"`
	PathLength     int      `json:"pathLength"`
	OCSP           []string `json:"ocsp"`
	CRL            []string `json:"crl"`
	Key            string   `json:"key"`
	SelfSigned     bool     `json:"selfSigned"`
	SelfIssued     bool     `json:"selfIssued"`
}

// decideCertificate parses a certificate.
func decideCertificate(input json.RawMessage) answer {
	parsed, err := x509.ParseCertificate(read[certificateCase](input).Certificate)
	if err != nil {
		return refused("certificate-invalid", err)
	}
	pathLength := -1
	if parsed.BasicConstraintsValid {
		pathLength = parsed.MaxPathLen
	}
	return accepted(certificateFacts{
		Subject:        hexOf(parsed.Subject.String()),
		Issuer:         hexOf(parsed.Issuer.String()),
		NotBefore:      parsed.NotBefore.Unix(),
		NotAfter:       parsed.NotAfter.Unix(),
		Version:        parsed.Version,
		Serial:         parsed.SerialNumber.Text(16),
		Algorithm:      parsed.SignatureAlgorithm.String(),
		KeyUsage:       int(parsed.KeyUsage),
		ExtendedUsages: len(parsed.ExtKeyUsage) + len(parsed.UnknownExtKeyUsage),
		Authority:      parsed.IsCA,
		Constrained:    parsed.BasicConstraintsValid,
		PathLength:     pathLength,
		OCSP:           hexes(parsed.OCSPServer),
		CRL:            hexes(parsed.CRLDistributionPoints),
		Key:            fmt.Sprintf("%T", parsed.PublicKey),
		SelfSigned:     parsed.CheckSignature(parsed.SignatureAlgorithm, parsed.RawTBSCertificate, parsed.Signature) == nil,
		SelfIssued:     parsed.CheckSignatureFrom(parsed) == nil,
	})
}

// hexOf keeps bytes that are no text.
func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }

func hexes(texts []string) []string {
	result := []string{}
	for _, text := range texts {
		result = append(result, hexOf(text))
	}
	return result
}

type certificateFileCase struct {
	File []byte `json:"file"`
}

// decideCertificateFile reads a file as a trust store does, and asks whether its certificates may be trusted.
func decideCertificateFile(input json.RawMessage) answer {
	path := fmt.Sprintf("%s/oracle-%d.crt", os.TempDir(), os.Getpid())
	defer os.Remove(path)
	if err := os.WriteFile(path, read[certificateFileCase](input).File, 0o600); err != nil {
		panic(err)
	}
	certificates, err := corex509.ReadCertificateFile(path)
	if err != nil {
		return refused("read", err)
	}
	facts := []string{}
	for _, each := range certificates {
		facts = append(facts, hexOf(string(each.Raw)))
	}
	if err := truststore.ValidateCertificates(certificates); err != nil {
		return answer{Stage: "trust", Facts: facts, Text: err.Error()}
	}
	return accepted(facts)
}

type chainCase struct {
	Purpose string     `json:"purpose"`
	Chain   [][]byte   `json:"chain"`
	Time    *time.Time `json:"time"`
}

// decideChain applies the rules for a chain of code-signing or timestamping certificates.
func decideChain(input json.RawMessage) answer {
	each := read[chainCase](input)
	chain, err := parseCertificates(each.Chain)
	if err != nil {
		return refused("certificate-invalid", err)
	}
	if each.Purpose == "timestamping" {
		err = corex509.ValidateTimestampingCertChain(chain)
	} else {
		err = corex509.ValidateCodeSigningCertChain(chain, each.Time)
	}
	if err != nil {
		return refused("chain-invalid", err)
	}
	return accepted(nil)
}

type pathCase struct {
	Leaf          []byte    `json:"leaf"`
	Intermediates [][]byte  `json:"intermediates"`
	Roots         [][]byte  `json:"roots"`
	At            time.Time `json:"at"`
}

// decidePath finds paths from a timestamp certificate to a root.
func decidePath(input json.RawMessage) answer {
	each := read[pathCase](input)
	leaf, err := x509.ParseCertificate(each.Leaf)
	if err != nil {
		return refused("certificate-invalid", err)
	}
	pools := map[*x509.CertPool][][]byte{}
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: each.At}
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
	pools[options.Roots] = each.Roots
	pools[options.Intermediates] = each.Intermediates
	for pool, encoded := range pools {
		certificates, err := parseCertificates(encoded)
		if err != nil {
			return refused("certificate-invalid", err)
		}
		for _, certificate := range certificates {
			pool.AddCert(certificate)
		}
	}
	paths, err := leaf.Verify(options)
	if err != nil {
		return refused("path", err)
	}
	lengths := []int{}
	for _, path := range paths {
		lengths = append(lengths, len(path))
	}
	return accepted(lengths)
}

func parseCertificates(encoded [][]byte) ([]*x509.Certificate, error) {
	certificates := []*x509.Certificate{}
	for _, each := range encoded {
		certificate, err := x509.ParseCertificate(each)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}
