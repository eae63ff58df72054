// SPDX-License-Identifier: Apache-2.0
import { Secret } from '../../primitives/secret.ts';

/** What a user has for a registry. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret }
  /** An identity token: exchanged for access tokens, never sent to the registry itself. */
  | { readonly kind: 'refresh'; readonly token: Secret }
  /** An access token, used as it is. */
  | { readonly kind: 'access'; readonly token: Secret };

/** A credential and where it came from, or where nothing was found. */
export interface CredentialLookup {
  readonly credential: Credential | undefined;
  /** Names of the place that has it. */
  readonly source: string | undefined;
  /** Every place that was looked at, in order. */
  readonly lookedAt: readonly string[];
  /** An earlier step has logged out: Docker@2 leaves an empty `DOCKER_CONFIG` then (ADO 3.6). */
  readonly loggedOut?: boolean;
}

/** Password without user name means an identity token (REG 3.4); `<token>` is how helpers say so. */
export function credentialOf(username: string, secret: string): Credential {
  const token = new Secret(secret);
  if (username === '' || username === '<token>') return { kind: 'refresh', token };
  return { kind: 'basic', username, password: token };
}

/** The value of a Basic authorization, in UTF-8 (RFC 7617). */
export function basicPair(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
