// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseNamedStore } from '../../../shared/trust/named-store.ts';

const statement = 'trust policy statement "p"';

describe('parseNamedStore', () => {
  it.each([
    ['ca:acme', 'ca', 'acme'],
    ['signingAuthority:A.b_c-9', 'signingAuthority', 'A.b_c-9'],
    ['tsa:acme-tsa', 'tsa', 'acme-tsa'],
  ])('parses %s', (value, type, name) => {
    expect(parseNamedStore(value, 'p')).toEqual({ type, name });
  });

  it('[NP-193] accepts .. as a name', () => {
    expect(parseNamedStore('ca:..', 'p')).toEqual({ type: 'ca', name: '..' });
  });

  it.each([
    ['ca', 'has malformed trust store value "ca". The required format is <TrustStoreType>:<TrustStoreName>'],
    ['', 'has malformed trust store value "". The required format is <TrustStoreType>:<TrustStoreName>'],
    ['foo:x', 'uses an unsupported trust store type "foo" in trust store value "foo:x"'],
    [':x', 'uses an unsupported trust store type "" in trust store value ":x"'],
    [
      'ca:a/b',
      'uses an unsupported trust store name "a/b" in trust store value "ca:a/b". Named store name needs to follow [a-zA-Z0-9_.-]+ format',
    ],
    [
      'ca:*',
      'uses an unsupported trust store name "*" in trust store value "ca:*". Named store name needs to follow [a-zA-Z0-9_.-]+ format',
    ],
    [
      'ca:a:b',
      'uses an unsupported trust store name "a:b" in trust store value "ca:a:b". Named store name needs to follow [a-zA-Z0-9_.-]+ format',
    ],
    [
      'ca:',
      'uses an unsupported trust store name "" in trust store value "ca:". Named store name needs to follow [a-zA-Z0-9_.-]+ format',
    ],
    [
      'ca:a\n',
      String.raw`uses an unsupported trust store name "a\n" in trust store value "ca:a\n". Named store name needs to follow [a-zA-Z0-9_.-]+ format`,
    ],
  ])('[NP-217] refuses %j', (value, message) => {
    expect(() => parseNamedStore(value, 'p')).toThrow(
      expect.objectContaining({ code: 'trust-policy-invalid', message: `${statement} ${message}` }),
    );
  });

  it('[NP-194] refuses a name with a blank', () => {
    expect(() => parseNamedStore('ca:a b', 'p')).toThrow('Named store name needs to follow [a-zA-Z0-9_.-]+ format');
  });

  it('[NP-195] refuses a type in other letter case', () => {
    expect(() => parseNamedStore('CA:x', 'p')).toThrow(`${statement} uses an unsupported trust store type "CA"`);
  });
});
