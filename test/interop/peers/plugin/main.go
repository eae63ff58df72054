// SPDX-License-Identifier: Apache-2.0

// A plugin on the reference's own framework, which validates every request. The key and its chain are PEM files that the
// plugin configuration names; verification accepts everything.
package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/notaryproject/notation-plugin-framework-go/cli"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

type framed struct{}

func (framed) GetMetadata(context.Context, *plugin.GetMetadataRequest) (*plugin.GetMetadataResponse, error) {
	return &plugin.GetMetadataResponse{
		Name: "framed", Description: "on the framework", Version: "1.0.0", URL: "https://example.com",
		SupportedContractVersions: []string{plugin.ContractVersion},
		Capabilities: []plugin.Capability{
			plugin.CapabilitySignatureGenerator,
			plugin.CapabilityTrustedIdentityVerifier,
			plugin.CapabilityRevocationCheckVerifier,
		},
	}, nil
}

func (framed) DescribeKey(_ context.Context, req *plugin.DescribeKeyRequest) (*plugin.DescribeKeyResponse, error) {
	return &plugin.DescribeKeyResponse{KeyID: req.KeyID, KeySpec: plugin.KeySpecRSA2048}, req.Validate()
}

func (framed) GenerateSignature(_ context.Context, req *plugin.GenerateSignatureRequest) (*plugin.GenerateSignatureResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	key, err := readKey(req.PluginConfig["key"])
	if err != nil {
		return nil, plugin.NewGenericError(err.Error())
	}
	hash := sha256.Sum256(req.Payload)
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		return nil, plugin.NewGenericError(err.Error())
	}
	return &plugin.GenerateSignatureResponse{
		KeyID: req.KeyID, Signature: signature,
		SigningAlgorithm: plugin.SignatureAlgorithmRSASSA_PSS_SHA256, CertificateChain: readBlocks(req.PluginConfig["chain"]),
	}, nil
}

func (framed) GenerateEnvelope(context.Context, *plugin.GenerateEnvelopeRequest) (*plugin.GenerateEnvelopeResponse, error) {
	return nil, plugin.NewUnsupportedError("generate-envelope")
}

func (framed) VerifySignature(_ context.Context, req *plugin.VerifySignatureRequest) (*plugin.VerifySignatureResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	results := map[plugin.Capability]*plugin.VerificationResult{}
	for _, capability := range req.TrustPolicy.SignatureVerification {
		results[capability] = &plugin.VerificationResult{Success: req.PluginConfig["refuse"] == "", Reason: "refused"}
	}
	processed := []any{}
	for _, name := range req.Signature.UnprocessedAttributes {
		processed = append(processed, name)
	}
	return &plugin.VerifySignatureResponse{VerificationResults: results, ProcessedAttributes: processed}, nil
}

func readKey(path string) (*rsa.PrivateKey, error) {
	blocks := readBlocks(path)
	if len(blocks) == 0 {
		return nil, os.ErrNotExist
	}
	key, err := x509.ParsePKCS8PrivateKey(blocks[0])
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PrivateKey), nil
}

func readBlocks(path string) (blocks [][]byte) {
	rest, _ := os.ReadFile(path)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return blocks
		}
		blocks = append(blocks, block.Bytes)
	}
}

func main() {
	program, err := cli.New(framed{})
	if err != nil {
		panic(err)
	}
	program.Execute(context.Background(), os.Args)
}
