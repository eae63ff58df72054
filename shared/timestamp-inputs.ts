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

/** What a signer whose certificates are short-lived demands. */
export interface TimestampRule {
  /** For messages, as is why. */
  readonly signer: string;
  readonly reason: string;
  /** The authority unless the step names another one. */
  readonly defaultUrl: string;
  /** Where the root certificate of that authority is to be had. */
  readonly rootHint: string;
}

/** What a step writes to sign without a timestamp although the signer demands one. */
const noTimestamp = 'none';

/**
 * Parses both inputs about timestamps; undefined without them. One alone is a mistake (GH-14), but with a rule the root alone
 * means its authority, and neither is a mistake (KEY-72).
 */
export async function parseTimestampInputs(
  reader: InputReader,
  host: Host,
  rule?: TimestampRule,
): Promise<TimestampSettings | undefined> {
  const [urlGiven, rootGiven] = [reader.given('timestampUrl'), reader.given('timestampRootCert')];
  if (rule !== undefined) return parseUnderRule(reader, host, rule);
  if (!urlGiven && !rootGiven) return undefined;
  if (!rootGiven) reader.report(missing('timestampUrl', 'timestampRootCert'));
  if (!urlGiven) reader.report(missing('timestampRootCert', 'timestampUrl'));
  return readSettings(reader, host, undefined);
}

async function parseUnderRule(
  reader: InputReader,
  host: Host,
  { signer, reason, defaultUrl, rootHint }: TimestampRule,
): Promise<TimestampSettings | undefined> {
  const rootGiven = reader.given('timestampRootCert');
  const none = reader.text('timestampUrl').toLowerCase() === noTimestamp;
  if (none && rootGiven) {
    const text = `{input:timestampUrl} is ${noTimestamp}, but {input:timestampRootCert} is set`;
    reader.report(new NotaryError('input-invalid', text, { hint: 'Remove one of the two.' }));
    return undefined;
  }
  if (none) {
    host.log.warning(`Signing with ${signer} without a timestamp: ${reason}.`);
    return undefined;
  }
  if (!rootGiven) {
    const text = `${signer} needs a timestamp: ${reason}; input {input:timestampRootCert} is missing`;
    reader.report(new NotaryError('input-missing', text, { hint: rootHint }));
  }
  return readSettings(reader, host, defaultUrl);
}

async function readSettings(
  reader: InputReader,
  host: Host,
  defaultUrl: string | undefined,
): Promise<TimestampSettings | undefined> {
  // the form of Azure Pipelines has one line: blanks separate as well
  const given = reader.lines('timestampUrl').flatMap((text) => text.split(/\s+/));
  const urls: URL[] = [];
  for (const text of given.length === 0 && defaultUrl !== undefined ? [defaultUrl] : given) {
    const url = await reader.attempt(() => parseTimestampUrl(text));
    if (url === undefined) continue;
    maskPassword(url, host);
    urls.push(url);
  }
  const root = reader.given('timestampRootCert') ? await reader.attempt(() => readRoot(reader)) : undefined;
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
