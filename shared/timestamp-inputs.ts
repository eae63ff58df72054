// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import type { InputName } from './inputs.ts';
import { quote } from './primitives/quote.ts';
import { parseTimestampUrl } from './timestamp/endpoint.ts';
import { parseTimestampRoot } from './timestamp/root-certificate.ts';
import type { Certificate } from './x509/certificate.ts';

/** Which timestamp authorities to ask, in order, and whom to trust. */
export interface TimestampSettings {
  readonly urls: readonly URL[];
  readonly root: Certificate;
}

/** Parses both inputs about timestamps; undefined without them. One alone is a mistake (GH-14). */
export async function parseTimestampInputs(reader: InputReader, host: Host): Promise<TimestampSettings | undefined> {
  const [urlGiven, rootGiven] = [reader.given('timestampUrl'), reader.given('timestampRootCert')];
  if (!urlGiven && !rootGiven) return undefined;
  if (!rootGiven) reader.report(missing('timestampUrl', 'timestampRootCert'));
  if (!urlGiven) reader.report(missing('timestampRootCert', 'timestampUrl'));
  // the form of Azure Pipelines has one line: blanks separate as well
  const urls: URL[] = [];
  for (const line of reader.lines('timestampUrl').flatMap((text) => text.split(/\s+/))) {
    const url = await reader.attempt(() => parseTimestampUrl(line));
    if (url === undefined) continue;
    maskPassword(url, host);
    urls.push(url);
  }
  const root = rootGiven ? await reader.attempt(() => readRoot(reader)) : undefined;
  return root === undefined || urls.length === 0 ? undefined : { urls, root };
}

function missing(given: InputName, absent: InputName): NotaryError {
  return new NotaryError('input-missing', `{input:${given}} is set, missing input {input:${absent}}`, {
    hint: 'Timestamps need both: the address of the authority, and the root certificate that its chain must end in.',
  });
}

function maskPassword({ password }: URL, host: Host): void {
  for (const text of new Set([password, decodeURIComponent(password)])) if (text !== '') host.mask(text);
}

/** The certificate as PEM text, or from a file in PEM or DER. */
async function readRoot(reader: InputReader): Promise<Certificate> {
  const value = reader.text('timestampRootCert');
  const isText = value.includes('-----BEGIN');
  const bytes = isText ? Buffer.from(value) : await reader.fileBytes('timestampRootCert');
  return parseTimestampRoot(bytes, isText ? '{input:timestampRootCert}' : quote(value));
}
