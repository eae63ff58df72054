// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { RegistryOptions } from './options.ts';
import type { RegistryStorage } from './storage.ts';

/** A request with everything that handlers need to answer it. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly storage: RegistryStorage;
  readonly options: RegistryOptions;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Uint8Array | string;
}

/** An error answer in the form of the distribution specification. */
export function failure(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { errors: [{ code, message, detail: null }] }, headers);
}

export function json(status: number, value: unknown, headers: Record<string, string | undefined> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** A path of the registry as its options say: absolute or relative. */
export function located(
  { url, options }: Exchange,
  path: string,
  style: 'relative' | 'absolute' = options.locationStyle,
): string {
  return style === 'absolute' ? `${url.origin}${path}` : path;
}
