// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { quote } from '../../primitives/quote.ts';

/** A certificate profile of Azure Artifact Signing: what signs. */
export interface SigningProfile {
  /** Origin of the endpoint, without a path. */
  readonly endpoint: string;
  readonly hostName: string;
  readonly account: string;
  readonly profile: string;
}

/** Regions of the service, by the first label of their endpoint (KEY 4.1); there may be more by now. */
export const signingRegions = [
  ...['brs', 'cus', 'eus', 'jpe', 'krc', 'ncus', 'neu', 'plc'],
  ...['scus', 'swn', 'wcus', 'weu', 'wus', 'wus2', 'wus3'],
] as const;

const serviceSuffix = '.codesigning.azure.net';

/** Azure's own rule for both names: groups of letters and digits with single hyphens between, no digit at the front. */
const namePattern = /^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*$/;

/**
 * The endpoint of a region, with or without a slash at its end. An access token is sent there: only hosts of the service are
 * taken, and this machine for emulators. Throws `input-invalid`.
 */
export function parseSigningEndpoint(text: string, shown: string): Pick<SigningProfile, 'endpoint' | 'hostName'> {
  const invalid = (problem: string): NotaryError =>
    new NotaryError('input-invalid', `${shown}: ${problem}`, {
      hint: `Give the endpoint of the region in which the account is, such as https://weu${serviceSuffix}; regions: ${signingRegions.join(', ')}.`,
    });
  if (!URL.canParse(text)) throw invalid(`${quote(text)} is not an absolute URL`);
  const url = new URL(text);
  const { hostname, origin, pathname, protocol, username, password, search, hash } = url;
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
  if (username !== '' || password !== '') throw invalid('it must not hold user name or password');
  if (protocol !== 'https:' && !(local && protocol === 'http:')) {
    throw invalid(`the scheme must be https, but got ${quote(protocol.slice(0, -1))}`);
  }
  if (!local && (!hostname.endsWith(serviceSuffix) || hostname.split('.').length !== 4)) {
    throw invalid(`${quote(hostname)} is no host of Azure Artifact Signing (<region>${serviceSuffix})`);
  }
  if (!local && url.port !== '') throw invalid('it must not have a port');
  if (!/^\/*$/.test(pathname) || search !== '' || hash !== '') throw invalid(`${quote(text)} has more than a host`);
  return { endpoint: origin, hostName: hostname };
}

/** The name of an account, 3 to 24 characters. Throws `input-invalid`. */
export function parseSigningAccount(text: string, shown: string): string {
  return parseName(text, shown, [3, 24], 'an account of Azure Artifact Signing');
}

/** The name of a certificate profile, 5 to 100 characters. Throws `input-invalid`. */
export function parseSigningProfile(text: string, shown: string): string {
  return parseName(text, shown, [5, 100], 'a certificate profile of Azure Artifact Signing');
}

function parseName(text: string, shown: string, [min, max]: readonly [number, number], what: string): string {
  if (text.length >= min && text.length <= max && namePattern.test(text)) return text;
  throw new NotaryError('input-invalid', `${shown}: ${quote(text.slice(0, max + 1))} is not the name of ${what}`, {
    hint: `Such a name has ${min} to ${max} letters, digits and single hyphens, and begins with a letter.`,
  });
}
