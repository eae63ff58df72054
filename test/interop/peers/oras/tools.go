// SPDX-License-Identifier: Apache-2.0

//go:build tools

package tools

import _ "oras.land/oras/cmd/oras"
