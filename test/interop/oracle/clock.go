// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"
	_ "unsafe" // for go:linkname
)

// The runtime's clock of a program that is built with the tag `faketime`: it stands still until it is set. The reference
// asks time.Now, and so is verified at whatever time a case says.
//
//go:linkname faketime runtime.faketime
var faketime int64

func setClock(now time.Time) { faketime = now.UnixNano() }
