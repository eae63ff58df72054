// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { quote } from '../../primitives/quote.ts';

/** The identifier of a key or certificate in a vault (KEY 1.2). */
export interface KeyVaultId {
  /** `https://host[:port]`, without a path. */
  readonly vault: string;
  readonly host: string;
  readonly hostName: string;
  readonly name: string;
  /** Absent: the latest one. */
  readonly version?: string;
}

/** Letters, digits and dashes, up to 127 (Key Vault's rule for names); versions are 32 hexadecimal digits, emulators' too. */
const namePattern = /^[0-9A-Za-z-]{1,127}$/;

/**
 * Parses `https://<vault>/certificates/<name>[/<version>]`, or the same with `keys`: both mean the same. Throws `input-invalid`
 * with the plugin's own text where it has one.
 */
export function parseKeyVaultId(text: string): KeyVaultId {
  if (text === '') throw invalid('Input passed to "--id" must not be empty');
  if (!URL.canParse(text)) throw invalid(`${quote(text)} is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'https:') {
    throw invalid(`Unsupported scheme ${url.protocol.slice(0, -1)}. The scheme must be https.`);
  }
  if (url.username !== '' || url.password !== '')
    throw invalid('the key identifier must not hold user name or password');
  if (/\.managedhsm\./i.test(url.hostname)) {
    throw invalid('a managed HSM has keys but no certificates, and a signature carries the chain of its certificate');
  }
  // The HTTP client of the Azure libraries looks such an address up as if it were a name.
  if (url.hostname.startsWith('[')) throw invalid('the vault must have a host name, not an IPv6 address');
  const [type = '', name = '', version, ...rest] = url.pathname.replace(/\/+$/, '').split('/').slice(1);
  if (rest.length > 0 || (name === '' && version === undefined))
    throw invalid(`${quote(text)} has a wrong number of segments`);
  if (type !== 'keys' && type !== 'certificates') throw invalid(`Unsupported key vault object type ${quote(type)}.`);
  if (name === '') throw invalid('Key name must not be null or empty');
  for (const part of [name, version ?? 'x']) {
    if (!namePattern.test(part)) throw invalid(`${quote(part)} is not a name or version of Azure Key Vault`);
  }
  const { origin, host, hostname } = url;
  return { vault: origin, host, hostName: hostname, name, ...(version === undefined ? {} : { version }) };
}

/** Name and version at the end of an identifier that a vault gave; undefined when it is none. */
export function objectOfId(text: string): { readonly name: string; readonly version: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const [, type, name = '', version = '', ...rest] = new URL(text).pathname.split('/');
  const known = type === 'keys' || type === 'certificates' || type === 'secrets';
  if (!known || rest.length > 0 || !namePattern.test(name) || !namePattern.test(version)) return undefined;
  return { name, version };
}

function invalid(problem: string): NotaryError {
  return new NotaryError('input-invalid', `{input:keyId}: ${problem}`, {
    hint: 'Give the identifier of the certificate: https://<vault-name>.vault.azure.net/certificates/<certificate-name>/[certificate-version]',
  });
}
