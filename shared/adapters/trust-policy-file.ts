// SPDX-License-Identifier: Apache-2.0
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { NotaryError, messageOf } from '../errors.ts';
import { type BlobTrustPolicy, parseBlobTrustPolicy } from '../trust/blob-policy.ts';
import { type TrustPolicy, parseTrustPolicy, policyHelp } from '../trust/policy.ts';

/** Thousands of statements; a larger file is a mistake, such as a path that names something else. */
const maxPolicyBytes = 1024 * 1024;

/** Symbolic links are refused below already; this refuses one that appears in between. Windows does not have the flag. */
const openFlags = constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW);

/**
 * Reads the trust policy from the first path that exists. Throws `trust-policy-missing` with all places looked at, and
 * `trust-policy-invalid` for what is no regular file, cannot be read or breaks a rule.
 */
export function readTrustPolicy(paths: readonly string[]): Promise<TrustPolicy> {
  return readPolicy(paths, { parse: parseTrustPolicy, input: 'trustPolicy', example });
}

/** The same for the trust policy of files. */
export function readBlobTrustPolicy(paths: readonly string[]): Promise<BlobTrustPolicy> {
  return readPolicy(paths, { parse: parseBlobTrustPolicy, input: 'blobTrustPolicy', example: blobExample });
}

interface PolicyFormat<T> {
  readonly parse: (bytes: Uint8Array, fileName: string) => T;
  readonly input: string;
  readonly example: string;
}

async function readPolicy<T>(paths: readonly string[], { parse, input, example: shown }: PolicyFormat<T>): Promise<T> {
  for (const path of paths) {
    const stats = await statOf(path);
    if (stats !== undefined) return parse(await readRegularFile(path, stats), path);
  }
  const places = paths.length === 0 ? '' : `. Looked for: ${paths.join(', ')}`;
  throw new NotaryError('trust-policy-missing', `trust policy is not present. ${policyHelp}${places}`, {
    hint: `Create ${paths[0] ?? 'a file'}, or name an existing one in {input:${input}}. For example:\n${shown}`,
  });
}

const required = {
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:my-store'],
  trustedIdentities: ['x509.subject: C=US, ST=WA, O=my-organization'],
};
const example = JSON.stringify({
  version: '1.0',
  trustPolicies: [{ name: 'default', registryScopes: ['*'], ...required }],
});
const blobExample = JSON.stringify({
  version: '1.0',
  trustPolicies: [{ name: 'default', globalPolicy: true, ...required }],
});

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOENT') || isSystemError(thrown, 'ENOTDIR')) return undefined;
    throw unreadablePolicy(path, thrown);
  }
}

async function readRegularFile(path: string, stats: Stats): Promise<Uint8Array> {
  if (!stats.isFile()) {
    throw new NotaryError(
      'trust-policy-invalid',
      `trust policy is not a regular file (symlinks are not supported). ${policyHelp} (${path})`,
      { hint: 'Name a regular file in {input:trustPolicy}.' },
    );
  }
  let file: FileHandle | undefined;
  try {
    file = await open(path, openFlags);
    return await readBounded(file, path);
  } catch (thrown) {
    throw thrown instanceof NotaryError ? thrown : unreadablePolicy(path, thrown);
  } finally {
    await file?.close();
  }
}

async function readBounded(file: FileHandle, path: string): Promise<Uint8Array> {
  const buffer = Buffer.alloc(maxPolicyBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    length += bytesRead;
    if (bytesRead === 0) return buffer.subarray(0, length);
    if (length > maxPolicyBytes) {
      throw new NotaryError('trust-policy-invalid', `the trust policy ${path} is larger than ${maxPolicyBytes} bytes`, {
        hint: 'Check that {input:trustPolicy} names a trust policy.',
      });
    }
  }
}

/** The error of a policy file that exists and cannot be read. */
export function unreadablePolicy(path: string, cause: unknown): NotaryError {
  const denied = isSystemError(cause, 'EACCES') || isSystemError(cause, 'EPERM');
  const text = denied
    ? `unable to read trust policy due to file permissions, please verify the permissions of ${path}`
    : `unable to read trust policy ${path}: ${messageOf(cause)}`;
  return new NotaryError('trust-policy-invalid', text, {
    hint: 'Check the file that {input:trustPolicy} names.',
    cause,
  });
}

function isSystemError(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
