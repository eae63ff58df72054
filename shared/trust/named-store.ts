// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import { invalidPolicy } from './invalid.ts';

const trustStoreTypes = ['ca', 'signingAuthority', 'tsa'] as const;
export type TrustStoreType = (typeof trustStoreTypes)[number];

/** A named store as a trust policy lists it, `<type>:<name>`. */
export interface NamedStore {
  readonly type: TrustStoreType;
  readonly name: string;
}

/** Parses an entry of `trustStores` of the statement with this name; throws `trust-policy-invalid`. */
export function parseNamedStore(value: string, statementName: string): NamedStore {
  const statement = `trust policy statement ${quote(statementName)}`;
  const colon = value.indexOf(':');
  if (colon < 0) {
    throw invalidPolicy(
      `${statement} has malformed trust store value ${quote(value)}. The required format is <TrustStoreType>:<TrustStoreName>`,
    );
  }
  const type = trustStoreTypes.find((known) => known === value.slice(0, colon));
  const name = value.slice(colon + 1);
  if (type === undefined) {
    throw invalidPolicy(
      `${statement} uses an unsupported trust store type ${quote(value.slice(0, colon))} in trust store value ${quote(value)}`,
      'The trust store types are ca, signingAuthority and tsa.',
    );
  }
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) {
    throw invalidPolicy(
      `${statement} uses an unsupported trust store name ${quote(name)} in trust store value ${quote(value)}. ` +
        'Named store name needs to follow [a-zA-Z0-9_.-]+ format',
    );
  }
  return { type, name };
}
