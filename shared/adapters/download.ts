// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { NotaryError, messageOf } from '../errors.ts';
import { createHttpClient } from './http.ts';
import type { HttpClient, HttpClientOptions } from './http.ts';

/** A file on a web server, and the SHA-256 that it must have, in lower-case hex. */
export interface Download {
  readonly url: string;
  readonly checksum: string;
}

/** The archives of the Notation CLI have less than 10 MB. */
const maxBytes = 128 * 1024 * 1024;

/** Milliseconds for a whole download: 10 MB over a slow line. */
const timeout = 300_000;

/** The bytes of a download, which have the checksum. Throws `download-failed` or `checksum-mismatch`. */
export async function fetchDownload({ url, checksum }: Download, options: HttpClientOptions): Promise<Uint8Array> {
  const bytes = await fetchFile(new URL(url), options, maxBytes);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual === checksum) return bytes;
  throw new NotaryError('checksum-mismatch', `Checksum validation failed. Expected: ${checksum}, Actual: ${actual}.`);
}

/** Whatever stands at an address, up to a limit in bytes; not checked. Throws `download-failed`. */
export async function fetchFile(url: URL, options: HttpClientOptions, limit: number): Promise<Uint8Array> {
  const http = createHttpClient(options);
  try {
    return await fetchBytes(http, url, limit);
  } finally {
    await http.close();
  }
}

async function fetchBytes(http: HttpClient, url: URL, limit: number): Promise<Uint8Array> {
  const failed = (reason: string, cause?: unknown): NotaryError =>
    new NotaryError('download-failed', `the download of ${url.origin}${url.pathname} failed: ${reason}`, {
      hint: 'Check the address, and that this machine may reach it.',
      cause,
    });
  let response;
  try {
    response = await http.exchange({ method: 'GET', url, limit, redirects: 'any', timeout });
  } catch (cause) {
    throw failed(messageOf(cause), cause);
  }
  if (response.status !== 200) throw failed(`the server answered with status ${response.status}`);
  return response.body;
}
