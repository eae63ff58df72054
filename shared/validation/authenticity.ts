// SPDX-License-Identifier: Apache-2.0
import type { SigningScheme, VerifiedEnvelope } from '../envelope/content.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import { matchTrustedIdentity } from '../trust/identity.ts';
import type { NamedStore, TrustStoreType } from '../trust/named-store.ts';
import type { TrustPolicyStatement } from '../trust/policy.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { ValidationResult } from './outcome.ts';

const type = 'authenticity';

/** What a named store holds. */
export interface LoadedStore {
  readonly store: NamedStore;
  readonly certificates: readonly Certificate[];
}

/** The stores that a statement lists for a signing scheme, or why one of them could not be loaded. */
export type TrustedCertificates = readonly LoadedStore[] | { readonly error: string; readonly hint?: string };

const storeTypes: Readonly<Record<SigningScheme, TrustStoreType>> = {
  'notary.x509': 'ca',
  'notary.x509.signingAuthority': 'signingAuthority',
};

/** The stores that count for a signing scheme, in the statement's order, each once. */
export function storesFor(statement: TrustPolicyStatement, scheme: SigningScheme): NamedStore[] {
  const stores = statement.trustStores.filter((store) => store.type === storeTypes[scheme]);
  return stores.filter(({ name }, index) => stores.findIndex((other) => other.name === name) === index);
}

/**
 * Whether the signature comes from a signer that the statement trusts: a certificate of its chain stands in a trust store,
 * and the subject of the signing certificate is a trusted identity. A failure of the second replaces one of the first that
 * is only logged. The identity is left to a verification plugin that has this capability.
 */
export function validateAuthenticity(
  envelope: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  trusted: TrustedCertificates,
  identityByPlugin = false,
): ValidationResult {
  const action = statement.level.actions.authenticity;
  const chain = findTrusted(envelope, statement, trusted);
  if (chain.error !== undefined && action === 'enforce') return { type, action, ...chain };
  if (identityByPlugin) return { type, action, ...chain };
  const leaf = envelope.certificateChain[0].subject;
  const match = matchTrustedIdentity(statement.trustedIdentities, statement.name, leaf);
  if ('error' in match) {
    const hint = `If this signer is to be trusted, change trustedIdentities in {input:trustPolicy}; the subject is ${quote(leaf)}.`;
    return { type, action, error: match.error, hint };
  }
  if (chain.error !== undefined) return { type, action, ...chain };
  return { type, action, note: `${chain.note ?? ''}; the signer is trusted identity ${quote(match.identity.text)}` };
}

type Finding = Omit<ValidationResult, 'type' | 'action'>;

function findTrusted(
  envelope: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  trusted: TrustedCertificates,
): Finding {
  if ('error' in trusted) return trusted;
  if (!trusted.some(({ certificates }) => certificates.length > 0)) {
    const wanted = storeTypes[envelope.signedAttributes.signingScheme];
    return {
      error: 'no trusted certificates are found to verify authenticity',
      hint: `List a store of type ${wanted} in trustStores of statement ${quote(statement.name)} in {input:trustPolicy}.`,
    };
  }
  for (const certificate of envelope.certificateChain) {
    const found = trusted.find(({ certificates }) => certificates.some(({ der }) => equalBytes(der, certificate.der)));
    if (found === undefined) continue;
    return { note: `certificate ${quote(certificate.subject)} is in trust store ${nameOf(found.store)}` };
  }
  const root = envelope.certificateChain.at(-1)?.subject ?? '';
  const stores = trusted.map(({ store }) => nameOf(store)).join(', ');
  return {
    error: "the signature's certificate chain does not contain any trusted certificate",
    hint:
      `If this signer is to be trusted, put the root certificate ${quote(root)} into a store that the statement lists ` +
      `(${stores}) below {input:trustStore}.`,
  };
}

function nameOf({ type: storeType, name }: NamedStore): string {
  return `${storeType}:${name}`;
}
