// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type IdentityMatch, matchTrustedIdentity, parseTrustedIdentities } from '../../../shared/trust/identity.ts';

const statement = 'trust policy statement "p"';

function refuse(values: readonly string[], message: string): void {
  expect(() => parseTrustedIdentities(values, 'p')).toThrow(
    expect.objectContaining({ code: 'trust-policy-invalid', message: `${statement} ${message}` }),
  );
}

function match(values: readonly string[], subject: string): IdentityMatch {
  return matchTrustedIdentity(parseTrustedIdentities(values, 'p'), 'p', subject);
}

describe('parseTrustedIdentities', () => {
  it('[NP-218] refuses the wildcard beside other identities', () => {
    refuse(
      ['*', 'x509.subject: C=US,ST=WA,O=a'],
      `uses a wildcard trusted identity '*', a wildcard identity cannot be used in conjunction with other values`,
    );
    refuse(
      ['*', '*'],
      `uses a wildcard trusted identity '*', a wildcard identity cannot be used in conjunction with other values`,
    );
  });

  it('[NP-219] refuses identities without a value', () => {
    refuse([''], 'has an empty trusted identity');
    refuse(['x509.subject'], 'has trusted identity "x509.subject" missing separator');
    refuse(['x509.subject:'], 'has trusted identity "x509.subject:" without an identity value');
  });

  it('[NP-220] accepts any other prefix without reading it', () => {
    expect(parseTrustedIdentities(['foo:bar', 'X509.subject: not a name', ' x509.subject:x'], 'p')).toEqual([
      { kind: 'other', text: 'foo:bar' },
      { kind: 'other', text: 'X509.subject: not a name' },
      { kind: 'other', text: ' x509.subject:x' },
    ]);
  });

  it.each([
    ['[NP-221]', 'C=US,ST=WA,O=a', 'C=US,ST=WA,O=a'],
    ['[NP-222]', 'C=US,ST=WA,O=a', 'C=US,ST=WA,O=a,CN=b'],
    ['[NP-222]', 'O=a,S=WA,C=US', 'CN=b,C=US,ST=WA,O=a'],
  ])('%s refuses %j beside %j', (_, one, other) => {
    const [first, second] = [`x509.subject:${one}`, `x509.subject:${other}`];
    refuse([first, second], `has overlapping x509 trustedIdentities, "${first}" overlaps with "${second}"`);
  });

  it('[NP-222] names the wider identity first, wherever it stands', () => {
    const [narrow, wide] = ['x509.subject:C=US,ST=WA,O=a,CN=b', 'x509.subject:C=US,ST=WA,O=a'];
    refuse([narrow, wide], `has overlapping x509 trustedIdentities, "${wide}" overlaps with "${narrow}"`);
  });

  it('[NP-223] accepts identities that only could match the same certificate', () => {
    const identities = ['x509.subject:C=US,ST=WA,O=a,OU=x', 'x509.subject:C=US,ST=WA,O=a,CN=y'];
    expect(parseTrustedIdentities(identities, 'p')).toHaveLength(2);
  });

  it.each(['C', 'ST', 'O'])('[NP-224] refuses a name without %s', (type) => {
    const name = ['C=US', 'ST=WA', 'O=a'].filter((part) => !part.startsWith(`${type}=`)).join(',');
    refuse(
      [`x509.subject:${name}`],
      `has trusted identity "x509.subject:${name}" with invalid identity value: distinguished name (DN) "${name}" has no mandatory RDN attribute for "${type}", it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum`,
    );
  });

  it.each([
    ['[NP-226]', 'C=US, ST=WA, O=a+OU=b'],
    ['[NP-227]', 'C=US,C=CA,ST=WA,O=a'],
    ['[NP-228]', 'C=US,ST=WA,O=#6162'],
    ['[NP-231]', 'c=US,st=WA,o=a'],
    ['[NP-232]', 'C=US,ST=WA,O=a,'],
  ])('%s refuses the name %s', (_, name) => {
    expect(() => parseTrustedIdentities([`x509.subject:${name}`], 'p')).toThrow('with invalid identity value: ');
  });
});

describe('matchTrustedIdentity', () => {
  const leaf = 'CN=signer,OU=unit,O=acme,L=Seattle,ST=WA,C=US';

  it.each([
    'x509.subject: C=US, ST=WA, O=acme',
    'x509.subject:O=acme,C=US,S=WA',
    'x509.subject:O=acme,C=US,S=WA,STREET=',
    'x509.subject: C=US, ST=WA, O=acme, L=Seattle, OU=unit, CN=signer',
  ])('finds the signer by %s', (identity) => {
    expect(match(['other:x', identity], leaf)).toMatchObject({ identity: { text: identity } });
  });

  it.each([
    ['another value', 'C=US, ST=WA, O=other', 'map["C":"US" "O":"other" "ST":"WA"]'],
    ['bytes that are no UTF-8', String.raw`C=US, ST=WA, O=ä\ff`, String.raw`map["C":"US" "O":"ä\xff" "ST":"WA"]`],
    ['other letter case', 'C=US, ST=WA, O=Acme', 'map["C":"US" "O":"Acme" "ST":"WA"]'],
    ['an attribute that the signer lacks', 'C=US, ST=WA, O=acme, X=y', 'map["C":"US" "O":"acme" "ST":"WA" "X":"y"]'],
    [
      '[NP-230] quotes, which belong to the value',
      'C=US, ST=WA, O="acme"',
      String.raw`map["C":"US" "O":"\"acme\"" "ST":"WA"]`,
    ],
  ])('refuses %s', (_, name, shown) => {
    expect(match([`x509.subject: ${name}`], leaf)).toEqual({
      error: `signing certificate from the digital signature does not match the X.509 trusted identities [${shown}] defined in the trust policy "p"`,
    });
  });

  it.each([
    ['a longer value', 'CN=a', 'CN=ab'],
    ['a shorter value', 'CN=ab', 'CN=a'],
    ['another beginning', 'CN=b', 'CN=ab'],
    ['a pattern', 'CN=.*', 'CN=a'],
    ['a wildcard', 'CN=*', 'CN=a'],
    ['alternatives', 'CN=a|b', 'CN=a'],
    ['another letter case', 'CN=A', 'CN=a'],
    ['another normal form', 'CN=e\u0301', 'CN=\u00e9'],
    ['the same text elsewhere', 'CN=a', String.raw`OU=CN\=a`],
    ['the same text inside', 'CN=a', String.raw`OU=x\,CN\=a`],
    ['blanks inside', String.raw`CN=a\ `, 'CN=a'],
  ])('[SEC-22] compares whole values: %s', (_, trusted, presented) => {
    const rest = 'O=acme,ST=WA,C=US';
    expect(match([`x509.subject:${trusted},${rest}`], `${presented},${rest}`)).toHaveProperty(
      'error',
      expect.stringMatching(/does not match the X\.509 trusted identities/),
    );
    expect(match([`x509.subject:${presented},${rest}`], `${presented},${rest}`)).toHaveProperty('identity');
  });

  it('lists all identities that do not match', () => {
    const identities = ['x509.subject: C=US, ST=WA, O=a', 'other:x', 'x509.subject: C=US, ST=WA, O=b'];
    expect(match(identities, leaf)).toEqual({
      error:
        'signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"a" "ST":"WA"] map["C":"US" "O":"b" "ST":"WA"]] defined in the trust policy "p"',
    });
  });

  it('[NP-229] compares unescaped values', () => {
    expect(
      match([String.raw`x509.subject: C=US, ST=WA, O=Acme\, Inc`], String.raw`O=Acme\, Inc,ST=WA,C=US`),
    ).toHaveProperty('identity');
  });

  it('[NP-225] reads S as ST', () => {
    expect(match(['x509.subject: C=US, S=WA, O=acme'], leaf)).toHaveProperty('identity');
  });

  it('[NP-220] refuses everyone when only other kinds of identities are listed', () => {
    expect(match(['foo:bar'], leaf)).toEqual({
      error: 'no x509 trusted identities are configured in the trust policy "p"',
    });
  });

  it.each(['CN=only', '', 'O=a,1.2.3=#0c0161', leaf])('[NP-278] accepts the subject %j by *', (subject) => {
    expect(match(['*'], subject)).toEqual({ identity: { kind: 'any', text: '*' } });
  });

  it('[NP-279] refuses a subject with two organizational units', () => {
    expect(match(['x509.subject: C=US, ST=WA, O=acme'], 'OU=a+OU=b,O=acme,ST=WA,C=US')).toEqual({
      error: String.raw`error while parsing the certificate subject from the digital signature. error : "distinguished name (DN) \"OU=a+OU=b,O=acme,ST=WA,C=US\" has multi-valued RDN attributes, remove multi-valued RDN attributes as they are not supported"`,
    });
  });

  it('[NP-280] refuses a subject with an e-mail address', () => {
    const subject = 'O=acme,ST=WA,C=US,1.2.840.113549.1.9.1=#0c0161';
    expect(match(['x509.subject: C=US, ST=WA, O=acme'], subject)).toHaveProperty(
      'error',
      expect.stringMatching(
        /^error while parsing the certificate subject from the digital signature\. error : "unsupported/,
      ),
    );
  });
});
