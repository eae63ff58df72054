// SPDX-License-Identifier: Apache-2.0

/** Claims that errors and hints name. Nothing is decided by them: the token's signature is not checked. */
export type TokenClaim = 'iss' | 'sub' | 'aud' | 'appid' | 'azp' | 'oid' | 'tid';

/** Characters of a claim that are shown. */
const maxClaimLength = 300;

/** The text of one claim of a JWT, without line breaks; undefined when there is none. */
export function claimOf(token: string, claim: TokenClaim): string | undefined {
  const [, payload = ''] = token.split('.', 2);
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null) return undefined;
    const value: unknown = (claims as Record<string, unknown>)[claim];
    return typeof value === 'string' ? value.replace(/[\r\n]+/g, ' ').slice(0, maxClaimLength) : undefined;
  } catch {
    return undefined;
  }
}
