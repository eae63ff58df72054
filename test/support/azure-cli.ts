// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes an Azure CLI (`az`) into a folder: signed in, it gives one access token whatever is asked for, and writes the
 * arguments of each call into the file `calls` beside it.
 */
export function writeAzureCli(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const answer = {
    accessToken: 'access-token-of-the-cli',
    expiresOn: '2099-12-31 23:59:59.000000',
    expires_on: 4_102_444_799,
    tenant: '11111111-1111-1111-1111-111111111111',
    tokenType: 'Bearer',
  };
  const script = ['#!/bin/sh', 'echo "$*" >> "$(dirname "$0")/calls"', `echo '${JSON.stringify(answer)}'`, ''];
  writeFileSync(join(folder, 'az'), script.join('\n'), { mode: 0o755 });
}
