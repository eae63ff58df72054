// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/notaryproject/notation-go/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type manifestCase struct {
	Manifest  []byte `json:"manifest"`
	MediaType string `json:"mediaType"`
}

// decideManifest finds out which blob of a signature manifest the reference takes for the envelope.
func decideManifest(input json.RawMessage) answer {
	each := read[manifestCase](input)
	descriptor := ocispec.Descriptor{
		MediaType: each.MediaType, Digest: digest.FromBytes(each.Manifest), Size: int64(len(each.Manifest)),
	}
	target := &manifestOnly{descriptor: descriptor, content: each.Manifest}
	_, _, err := registry.NewRepository(target).FetchSignatureBlob(context.Background(), descriptor)
	if target.asked == nil {
		return refused("manifest", err)
	}
	return accepted([]any{target.asked.MediaType, target.asked.Digest, target.asked.Size})
}

// manifestOnly is a repository with one manifest, which remembers what else it is asked for.
type manifestOnly struct {
	descriptor ocispec.Descriptor
	content    []byte
	asked      *ocispec.Descriptor
	served     bool
}

func (each *manifestOnly) Fetch(_ context.Context, wanted ocispec.Descriptor) (io.ReadCloser, error) {
	if !each.served {
		each.served = true
		return io.NopCloser(bytes.NewReader(each.content)), nil
	}
	each.asked = &wanted
	return nil, errors.New("no blobs here")
}

func (each *manifestOnly) Resolve(context.Context, string) (ocispec.Descriptor, error) {
	return each.descriptor, nil
}

func (*manifestOnly) Exists(context.Context, ocispec.Descriptor) (bool, error) { return false, nil }

func (*manifestOnly) Predecessors(context.Context, ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return nil, nil
}

func (*manifestOnly) Push(context.Context, ocispec.Descriptor, io.Reader) error {
	return errors.New("read-only")
}

func (*manifestOnly) Tag(context.Context, ocispec.Descriptor, string) error {
	return errors.New("read-only")
}
