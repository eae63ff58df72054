// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Puts a program `docker-credential-<name>` into a folder, which answers `get` for the servers that it knows, and gives a
 * PATH with that folder first. It keeps what it was asked for in `asked` beside it.
 */
export function writeCredentialHelper(
  folder: string,
  name: string,
  known: Readonly<Record<string, { readonly name: string; readonly password: string }>>,
): string {
  mkdirSync(folder, { recursive: true });
  const answers = Object.entries(known).map(([server, user]) => {
    const answer = JSON.stringify({ ServerURL: server, Username: user.name, Secret: user.password });
    return `  ${JSON.stringify(server)}) printf '%s' ${JSON.stringify(answer).replaceAll('$', '\\$')};;`;
  });
  const script = [
    '#!/bin/sh',
    '[ "$1" = get ] || exit 2',
    'server=$(cat)',
    `printf '%s\\n' "$server" >> ${JSON.stringify(join(folder, 'asked'))}`,
    'case "$server" in',
    ...answers,
    "  *) echo 'credentials not found in native keychain'; exit 1;;",
    'esac',
    '',
  ];
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, script.join('\n'));
  chmodSync(path, 0o755);
  return [folder, process.env['PATH'] ?? ''].join(delimiter);
}
