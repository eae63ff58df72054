// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { algorithmOf, digestOf, parseDigest, type Digest } from '../../primitives/digest.ts';
import type { HttpResponse } from '../http.ts';
import type { Operation } from './failure.ts';

/** The media type of an answer without parameters, in lower case; '' when there is none. */
export function mediaTypeOf({ headers }: HttpResponse): string {
  const value = headers['content-type'];
  return typeof value === 'string' ? (value.split(';', 1)[0] ?? '').trim().toLowerCase() : '';
}

/**
 * The digest that an answer asserts about its body, if any. It is never trusted: whoever uses it hashes the body. Throws
 * `registry-response` when it is not a digest.
 */
export function assertedDigest({ text }: Operation, { headers }: HttpResponse): Digest | undefined {
  const value = headers['docker-content-digest'];
  if (value === undefined) return undefined;
  try {
    return parseDigest(String(value));
  } catch (error) {
    throw new NotaryError('registry-response', `${text}: the registry answered with a broken Docker-Content-Digest`, {
      cause: error,
    });
  }
}

/** Throws `digest-mismatch` unless bytes have a digest. */
export function checkDigest({ registry, text }: Operation, bytes: Uint8Array, digest: Digest): void {
  const actual = digestOf(bytes, algorithmOf(digest));
  if (actual === digest) return;
  throw new NotaryError('digest-mismatch', `${text}: the content has the digest ${actual} instead of ${digest}`, {
    hint: `${registry}, or something between, delivers altered content. Do not trust it before the reason is known.`,
  });
}

/** Throws `digest-mismatch` unless bytes have the size and digest of a descriptor. */
export function checkContent(
  operation: Operation,
  bytes: Uint8Array,
  expected: { size: number; digest: Digest },
): void {
  if (bytes.length !== expected.size) {
    throw new NotaryError(
      'digest-mismatch',
      `${operation.text}: the content has ${bytes.length} bytes instead of ${expected.size}`,
      { hint: `${operation.registry}, or something between, delivers altered or incomplete content.` },
    );
  }
  checkDigest(operation, bytes, expected.digest);
}

/** Proxies cut bodies now and then: content that is not what was asked for is asked for once more (REG 6.2). */
export async function twiceIfAltered<T>(fetch: () => Promise<T>): Promise<T> {
  try {
    return await fetch();
  } catch (error) {
    if (!(error instanceof NotaryError) || error.code !== 'digest-mismatch') throw error;
    return await fetch();
  }
}
