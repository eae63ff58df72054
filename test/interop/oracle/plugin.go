// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	_ "unsafe" // for go:linkname

	"github.com/notaryproject/notation-go/plugin"
	"github.com/notaryproject/notation-go/plugin/proto"
	frameworkplugin "github.com/notaryproject/notation-plugin-framework-go/plugin"
)

type pluginCase struct {
	Command string `json:"command"`
	// Output is what the plugin prints: its answer, or on standard error if it failed.
	Output []byte `json:"output"`
	Failed bool   `json:"failed"`
}

// commander is the reference's own way to have another program in place of a plugin.
type commander interface {
	Output(ctx context.Context, path string, command frameworkplugin.Command, request []byte) ([]byte, []byte, error)
}

//go:linkname executor github.com/notaryproject/notation-go/plugin.executor
var executor commander

type printed struct{ content pluginCase }

func (each printed) Output(context.Context, string, frameworkplugin.Command, []byte) ([]byte, []byte, error) {
	if each.content.Failed {
		return nil, each.content.Output, errors.New("exit status 1")
	}
	return each.content.Output, nil, nil
}

const (
	pluginName = "oracle"
	pluginKey  = "k"
)

// decidePlugin reads what a plugin prints.
func decidePlugin(input json.RawMessage) answer {
	each := read[pluginCase](input)
	executor = printed{each}
	// the file is only looked at, and may be any
	opened, err := plugin.NewCLIPlugin(context.Background(), pluginName, os.Args[0])
	if err != nil {
		panic(err)
	}
	facts, err := ask(opened, each.Command)
	if err != nil {
		return refused(pluginStage(err, each), err)
	}
	return accepted(facts)
}

func pluginStage(err error, each pluginCase) string {
	var malformed *plugin.PluginMalformedError
	var reported proto.RequestError
	switch {
	case errors.As(err, &reported):
		return "reported"
	case !errors.As(err, &malformed):
		return "contract"
	case strings.HasPrefix(malformed.Msg, "metadata validation failed"):
		return "contract"
	}
	return "malformed"
}

func ask(opened *plugin.CLIPlugin, command string) (any, error) {
	ctx := context.Background()
	switch command {
	case "get-plugin-metadata":
		found, err := opened.GetMetadata(ctx, &frameworkplugin.GetMetadataRequest{})
		if err != nil {
			return nil, err
		}
		return []any{found.Name, found.Description, found.Version, found.URL, found.Capabilities}, nil
	case "describe-key":
		found, err := opened.DescribeKey(ctx, &frameworkplugin.DescribeKeyRequest{KeyID: pluginKey})
		if err != nil {
			return nil, err
		}
		// as the reference's signer does
		if found.KeyID != pluginKey {
			return nil, fmt.Errorf("keyID in describeKey response %q does not match request %q", found.KeyID, pluginKey)
		}
		_, err = proto.DecodeKeySpec(found.KeySpec)
		return found.KeySpec, err
	case "generate-signature":
		found, err := opened.GenerateSignature(ctx, &frameworkplugin.GenerateSignatureRequest{KeyID: pluginKey})
		if err != nil {
			return nil, err
		}
		if found.KeyID != pluginKey {
			return nil, fmt.Errorf("keyID in generateSignature response %q does not match request %q", found.KeyID, pluginKey)
		}
		chain := []string{}
		for _, each := range found.CertificateChain {
			chain = append(chain, fmt.Sprintf("%x", each))
		}
		return []any{fmt.Sprintf("%x", found.Signature), found.SigningAlgorithm, chain}, nil
	case "generate-envelope":
		found, err := opened.GenerateEnvelope(ctx, &frameworkplugin.GenerateEnvelopeRequest{KeyID: pluginKey})
		if err != nil {
			return nil, err
		}
		if found.SignatureEnvelopeType != "application/cose" {
			return nil, fmt.Errorf("signatureEnvelopeType in generateEnvelope response %q does not match request %q",
				found.SignatureEnvelopeType, "application/cose")
		}
		annotations := []string{}
		for key, each := range found.Annotations {
			annotations = append(annotations, fmt.Sprintf("%x=%x", key, each))
		}
		sort.Strings(annotations)
		return []any{fmt.Sprintf("%x", found.SignatureEnvelope), annotations}, nil
	}
	found, err := opened.VerifySignature(ctx, &frameworkplugin.VerifySignatureRequest{})
	if err != nil {
		return nil, err
	}
	findings := []string{}
	for capability, each := range found.VerificationResults {
		if each != nil {
			findings = append(findings, fmt.Sprintf("%x %v %x", string(capability), each.Success, each.Reason))
		}
	}
	sort.Strings(findings)
	processed := []string{}
	for _, each := range found.ProcessedAttributes {
		if text, isText := each.(string); isText {
			processed = append(processed, fmt.Sprintf("%x", text))
		}
	}
	return []any{findings, processed}, nil
}
