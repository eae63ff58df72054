// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type encodingCase struct {
	Kind string `json:"kind"`
	Text []byte `json:"text"`
}

// decideEncoding decodes what envelopes are made of: payloads, JSON, times, base64.
func decideEncoding(input json.RawMessage) answer {
	each := read[encodingCase](input)
	decoded, err := decode(each)
	if err != nil {
		return refused("malformed", err)
	}
	return accepted(decoded)
}

func decode(each encodingCase) (string, error) {
	switch each.Kind {
	case "payload":
		return decodePayload(each.Text)
	case "json":
		var value map[string]any
		if err := json.Unmarshal(each.Text, &value); err != nil {
			return "", err
		}
		encoded, err := json.Marshal(value)
		return string(encoded), err
	case "time":
		var value time.Time
		err := json.Unmarshal(each.Text, &value)
		_, offset := value.Zone()
		return fmt.Sprintf("%d %d %d", value.Unix(), value.Nanosecond(), offset/60), err
	case "base64":
		decoded, err := base64.StdEncoding.DecodeString(string(each.Text))
		return hex.EncodeToString(decoded), err
	case "base64url":
		decoded, err := base64.RawURLEncoding.DecodeString(string(each.Text))
		return hex.EncodeToString(decoded), err
	}
	return "", errors.New("unknown kind")
}

// payload is the reference's envelope.Payload.
type payload struct {
	TargetArtifact ocispec.Descriptor `json:"targetArtifact"`
}

func decodePayload(text []byte) (string, error) {
	var value payload
	if err := json.Unmarshal(text, &value); err != nil {
		return "", err
	}
	target := value.TargetArtifact
	annotations := []string{}
	for key, each := range target.Annotations {
		annotations = append(annotations, fmt.Sprintf("%x=%x", key, each))
	}
	sort.Strings(annotations)
	return fmt.Sprintf("%x %x %d %v", target.MediaType, string(target.Digest), target.Size, annotations), nil
}
