// SPDX-License-Identifier: Apache-2.0

// The reference implementation's decisions: reads a case per line on standard input and answers each with a line on file
// descriptor 3 (standard output belongs to the simulated clock, see clock.go).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// answer is what the reference makes of a case.
type answer struct {
	Accepted bool `json:"accepted"`
	// Stage is where it was refused: the class of the reason.
	Stage string `json:"stage,omitempty"`
	// Facts are what was read from an accepted case.
	Facts any `json:"facts,omitempty"`
	// Text is the reference's own message.
	Text string `json:"text,omitempty"`
}

func accepted(facts any) answer { return answer{Accepted: true, Facts: facts} }

func refused(stage string, err error) answer { return answer{Stage: stage, Text: err.Error()} }

// family decides the cases of a kind.
type family func(input json.RawMessage) answer

var families = map[string]family{
	"envelope":           decideEnvelope,
	"encoding":           decideEncoding,
	"certificate":        decideCertificate,
	"certificate-file":   decideCertificateFile,
	"chain":              decideChain,
	"path":               decidePath,
	"policy":             decidePolicy,
	"identity":           decideIdentity,
	"verification":       decideVerification,
	"timestamp-token":    decideTimestampToken,
	"timestamp-response": decideTimestampResponse,
	"revocation":         decideRevocation,
	"plugin":             decidePlugin,
	"manifest":           decideManifest,
}

type line struct {
	Family string          `json:"family"`
	Input  json.RawMessage `json:"input"`
}

// collectEvery many cases the heap is swept: with a simulated clock the collector is not left to decide by itself.
const collectEvery = 2000

func main() {
	debug.SetGCPercent(-1)
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for count := 1; ; count++ {
		text, err := lines.ReadBytes('\n')
		if len(text) == 0 {
			return
		}
		var each line
		if err := json.Unmarshal(text, &each); err != nil {
			panic(err)
		}
		write(decide(each))
		if err != nil {
			return
		}
		if count%collectEvery == 0 {
			runtime.GC()
		}
	}
}

func decide(each line) (result answer) {
	defer func() {
		if cause := recover(); cause != nil {
			result = answer{Stage: "panic", Text: fmt.Sprint(cause)}
		}
	}()
	return families[each.Family](each.Input)
}

func write(result answer) {
	text, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	text = append(text, '\n')
	for len(text) > 0 {
		written, err := syscall.Write(3, text)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			os.Exit(1)
		}
		text = text[written:]
	}
}

// read reads the members of a case; byte strings are base64.
func read[T any](input json.RawMessage) T {
	var value T
	if err := json.Unmarshal(input, &value); err != nil {
		panic(err)
	}
	return value
}
