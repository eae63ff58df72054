// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { parsePolicyText, policyOf, policyText, skipStatement } from '../../fakes/trust-policy.ts';
import type { StatementJson } from '../../fakes/trust-policy.ts';

function refusal(text: string): NotaryError {
  try {
    parsePolicyText(text);
  } catch (thrown) {
    if (thrown instanceof NotaryError) return thrown;
    throw thrown;
  }
  throw new Error('the policy was accepted');
}

function refusalOf(...statements: readonly StatementJson[]): string {
  return refusal(policyText(...statements)).message;
}

const level = (signatureVerification: StatementJson): StatementJson => ({ signatureVerification });

describe('parseTrustPolicy', () => {
  it('parses a statement with everything', () => {
    const policy = policyOf({
      name: 'acme',
      registryScopes: ['reg/a', 'reg/b'],
      signatureVerification: { level: 'strict', override: { expiry: 'log' }, verifyTimestamp: 'afterCertExpiry' },
      trustStores: ['ca:acme', 'tsa:acme-tsa'],
      trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme', 'other:x'],
    });
    expect(policy.statements).toHaveLength(1);
    expect(policy.statements[0]).toMatchObject({
      name: 'acme',
      registryScopes: ['reg/a', 'reg/b'],
      level: { name: 'custom', actions: { expiry: 'log', revocation: 'enforce' } },
      verifyTimestamp: 'afterCertExpiry',
      trustStores: [
        { type: 'ca', name: 'acme' },
        { type: 'tsa', name: 'acme-tsa' },
      ],
      trustedIdentities: [
        { kind: 'subject', text: 'x509.subject: C=US, ST=WA, O=acme' },
        { kind: 'other', text: 'other:x' },
      ],
    });
  });

  it('ignores unknown members and letter case of names', () => {
    const text = policyText({ unknown: 1 }).replace('"version"', '"VERSION"').replace('"name"', '"Name"');
    expect(parsePolicyText(text.replace('{', '{"more":[],')).statements[0]?.name).toBe('default');
  });

  it('[NP-203] ignores what follows the first JSON value', () => {
    expect(parsePolicyText(`${policyText({})} } garbage`).statements).toHaveLength(1);
  });

  it.each([
    ['', 'line 1, column 1'],
    ['{\n  "version": "1.0",\n  "trustPolicies": [\n    {,\n', 'line 4, column 6'],
    ['{"version": 1}', 'line 1, column 13'],
    ['[]', 'line 1, column 1'],
    ['\ufeff{}', 'line 1, column 1'],
    [policyText({ trustStores: 'ca:a' }), 'line 1'],
    [policyText({ name: {} }), 'line 1'],
    [policyText({ signatureVerification: 'strict' }), 'line 1'],
    [policyText({ trustedIdentities: [1] }), 'line 1'],
  ])('calls %j malformed, and says where', (text, place) => {
    const error = refusal(text);
    expect(error.code).toBe('trust-policy-invalid');
    expect(error.message).toMatch(
      /^malformed trust policy\. To create a trust policy, see: https:\/\/notaryproject\.dev\/docs\/quickstart\/#create-a-trust-policy/,
    );
    expect(error.message).toContain('trustpolicy.json: ');
    expect(error.message).toContain(place);
  });

  it('says where a malformed file is wrong for an annotation too', () => {
    const { location, hint } = refusal('{\n  "version": "1.0",,');
    expect(location).toEqual({ file: 'trustpolicy.json', line: 2, column: 20 });
    expect(hint).toBe('Correct trustpolicy.json ({input:trustPolicy}).');
  });

  it('names the file and the input in the hint', () => {
    expect(refusal('{}').hint).toBe('Correct trustpolicy.json ({input:trustPolicy}). The version is "1.0".');
  });

  it.each([
    ['{}', 'trust policy document has empty version, version must be specified'],
    ['null', 'trust policy document has empty version, version must be specified'],
    ['{"version":""}', 'trust policy document has empty version, version must be specified'],
    ['{"version":"2.0"}', 'trust policy document uses unsupported version "2.0"'],
  ])('[NP-204] refuses the version of %s', (text, message) => {
    expect(refusal(text).message).toBe(message);
  });

  it.each(['{"version":"1.0"}', '{"version":"1.0","trustPolicies":[]}', '{"version":"1.0","trustPolicies":null}'])(
    '[NP-205] refuses zero statements: %s',
    (text) => {
      expect(refusal(text).message).toBe('trust policy document can not have zero trust policy statements');
    },
  );

  it('[NP-206] refuses two statements of the same name', () => {
    expect(refusalOf({ registryScopes: ['reg/a'] }, { registryScopes: ['reg/b'] })).toBe(
      'multiple trust policy statements use the same name "default", statement names must be unique',
    );
  });

  it('[NP-207] refuses a statement without a name', () => {
    const message = 'trust policy: a trust policy statement is missing a name, every statement requires a name';
    expect(refusalOf({ name: '' })).toBe(message);
    expect(refusalOf({ name: null })).toBe(message);
    expect(policyOf({ name: ' ' }).statements[0]?.name).toBe(' ');
  });

  it.each([
    [undefined, 'signature verification level is empty or missing in the trust policy statement'],
    [null, 'signature verification level is empty or missing in the trust policy statement'],
    [{ level: '' }, 'signature verification level is empty or missing in the trust policy statement'],
    [{ level: 'Strict' }, 'invalid signature verification level "Strict"'],
  ])('[NP-208] refuses signatureVerification %j', (signatureVerification, message) => {
    expect(refusalOf({ signatureVerification })).toBe(
      `trust policy: trust policy statement "default" has invalid signatureVerification: ${message}`,
    );
  });

  it.each([
    [
      '[NP-209]',
      { level: 'skip', override: { expiry: 'log' } },
      `signature verification level "skip" can't be used to customize signature verification`,
    ],
    [
      '[NP-210]',
      { level: 'strict', override: { integrity: 'enforce' } },
      '"integrity" verification can not be overridden in custom signature verification',
    ],
    [
      '[NP-211]',
      { level: 'strict', override: { expiry: 'skip' } },
      '"expiry" verification can not be skipped in custom signature verification',
    ],
  ])('%s refuses signatureVerification %j', (_, signatureVerification, message) => {
    expect(refusalOf({ signatureVerification })).toBe(
      `trust policy: trust policy statement "default" has invalid signatureVerification: ${message}`,
    );
  });

  it('[NP-212] accepts a policy that skips revocation', () => {
    const policy = policyOf(level({ level: 'strict', override: { revocation: 'skip' } }));
    expect(policy.statements[0]?.level).toMatchObject({ name: 'custom', actions: { revocation: 'skip' } });
  });

  it('[NP-213] refuses unknown validation types and actions', () => {
    expect(refusalOf(level({ level: 'strict', override: { foo: 'log' } }))).toContain('verification type "foo"');
    expect(refusalOf(level({ level: 'strict', override: { expiry: 'foo' } }))).toContain('verification action "foo"');
    expect(refusalOf(level({ level: 'strict', override: { expiry: null } }))).toContain('verification action ""');
  });

  it('treats __proto__ in an override as any other unknown type', () => {
    const text = policyText(level({ level: 'strict', override: { x: 'log' } })).replace('"x"', '"__proto__"');
    expect(refusal(text).message).toContain('verification type "__proto__"');
  });

  it('[NP-214] refuses another verifyTimestamp than always and afterCertExpiry', () => {
    expect(refusalOf(level({ level: 'strict', verifyTimestamp: 'never' }))).toBe(
      'trust policy: trust policy statement "default" has invalid signatureVerification: verifyTimestamp must be "always" or "afterCertExpiry", but got "never"',
    );
    expect(policyOf({}).statements[0]?.verifyTimestamp).toBe('always');
  });

  it.each([{ trustStores: ['ca:a'] }, { trustedIdentities: ['*'] }])('[NP-215] refuses skip with %j', (lists) => {
    expect(refusalOf({ ...skipStatement, ...lists })).toBe(
      'trust policy: trust policy statement "default" is set to skip signature verification but configured with trust stores and/or trusted identities, remove them if signature verification needs to be skipped',
    );
  });

  it.each([{ trustStores: [] }, { trustedIdentities: [] }, { trustedIdentities: null }])(
    '[NP-216] refuses a statement with %j',
    (lists) => {
      expect(refusalOf(lists)).toBe(
        'trust policy: trust policy statement "default" is either missing trust stores or trusted identities, both must be specified',
      );
    },
  );

  it('[NP-217] refuses malformed trust stores', () => {
    expect(refusalOf({ trustStores: ['ca:ok', 'ca'] })).toContain('has malformed trust store value "ca"');
    expect(refusalOf({ trustStores: ['foo:x'] })).toContain('uses an unsupported trust store type "foo"');
    expect(refusalOf({ trustStores: ['ca:a/b'] })).toContain('uses an unsupported trust store name "a/b"');
  });

  it('accepts duplicate stores, and tsa stores alone', () => {
    expect(policyOf({ trustStores: ['tsa:a', 'tsa:a'] }).statements[0]?.trustStores).toHaveLength(2);
  });

  it('reads trust stores before identities', () => {
    expect(refusalOf({ trustStores: ['ca'], trustedIdentities: [''] })).toContain('malformed trust store');
  });

  it('[NP-233] refuses a scope that is no repository', () => {
    expect(refusalOf({ registryScopes: ['reg/a', 'registry'] })).toContain('registry scope "registry" is not valid');
  });

  it('[NP-234] refuses the wildcard scope beside others', () => {
    expect(refusalOf({ registryScopes: ['*', 'reg/a'] })).toBe(
      `trust policy statement "default" uses wildcard registry scope '*', a wildcard scope cannot be used in conjunction with other scope values`,
    );
  });

  it.each([
    [{ registryScopes: ['reg/a'] }, { name: 'b', registryScopes: ['reg/b', 'reg/a'] }],
    [{ registryScopes: ['reg/a', 'reg/a'] }, { name: 'b', registryScopes: ['reg/b'] }],
  ])('[NP-235] refuses a scope that stands twice', (...statements) => {
    expect(refusalOf(...statements)).toBe(
      'registry scope "reg/a" is present in multiple trust policy statements, one registry scope value can only be associated with one statement',
    );
  });

  it('[NP-236] refuses the wildcard in two statements', () => {
    expect(refusalOf({}, { name: 'b' })).toBe(
      'registry scope "*" is present in multiple trust policy statements, one registry scope value can only be associated with one statement',
    );
  });

  it('[NP-237] refuses a statement without scopes', () => {
    expect(refusalOf({ registryScopes: [] })).toBe(
      'trust policy statement "default" has zero registry scopes, it must specify registry scopes with at least one value',
    );
  });

  it('[NP-241] accepts skip for all repositories', () => {
    expect(policyOf(skipStatement).statements[0]).toMatchObject({ level: { name: 'skip' }, registryScopes: ['*'] });
  });

  it('checks every statement before any scope', () => {
    expect(refusalOf({ registryScopes: [] }, { name: '' })).toContain('is missing a name');
  });

  it('gives a policy or a NotaryError for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(refusal(text)).toBeInstanceOf(NotaryError);
      }),
    );
  });
});
