// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { EnvelopeFormat } from '../../../shared/envelope/content.ts';
import type { Notation } from './notation.ts';
import type { ProgramRun } from './run-program.ts';

/** The statement that verifies every file strictly, by whoever has a certificate under a root of the store. */
export const strictFileStatement = {
  name: 'files',
  globalPolicy: true,
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:interop'],
  trustedIdentities: ['*'],
};

/** A policy of files with these statements, each the strict one but for the members given. */
export function filePolicy(...statements: readonly Readonly<Record<string, unknown>>[]): unknown {
  return {
    version: '1.0',
    trustPolicies: statements.map((members) => ({ ...strictFileStatement, ...members })),
  };
}

/** A file in a folder of its own, for one test. */
export function createFile(name = 'app.zip', content: string | Uint8Array = 'content'): string {
  const folder = mkdtempSync(join(tmpdir(), 'files-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Notation's `blob sign`; rejects unless it succeeds. */
export function signFileWithNotation(
  notation: Notation,
  path: string,
  format: EnvelopeFormat,
  ...args: readonly string[]
): Promise<ProgramRun> {
  const chosen = args.includes('--key') ? [] : ['--key', 'p256'];
  return notation.succeed('blob', 'sign', ...chosen, '--signature-format', format, ...args, path);
}

/** Notation's `blob verify` of the signature file beside the file, with its debug log on stderr. */
export function verifyFileWithNotation(
  notation: Notation,
  path: string,
  format: EnvelopeFormat,
  ...args: readonly string[]
): Promise<ProgramRun> {
  return notation.run('blob', 'verify', '-d', '--signature', signatureFile(path, format), ...args, path);
}

/** Where both have the signature of a file. */
export function signatureFile(path: string, format: EnvelopeFormat): string {
  return `${path}.${format}.sig`;
}
