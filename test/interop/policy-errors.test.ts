// SPDX-License-Identifier: Apache-2.0
import { expect, it, onTestFinished } from 'vitest';
import { readFileSync } from 'node:fs';
import { parseTrustPolicy } from '../../shared/trust/policy.ts';
import { createNotation, strictPolicy } from './support/notation.ts';

const base = strictPolicy.trustPolicies[0];
const statement = (changes: Record<string, unknown>) => ({ version: '1.0', trustPolicies: [{ ...base, ...changes }] });
const level = (signatureVerification: unknown) => statement({ signatureVerification });
const identities = (...trustedIdentities: string[]) => statement({ trustedIdentities });

/** Documents that Notation refuses; every one has one defect. */
const broken: Readonly<Record<string, unknown>> = {
  'no version': { trustPolicies: [base] },
  'another version': { version: '2.0', trustPolicies: [base] },
  'no statement': { version: '1.0', trustPolicies: [] },
  'two statements of one name': { version: '1.0', trustPolicies: [base, { ...base, registryScopes: ['a.example/b'] }] },
  'a statement without name': statement({ name: '' }),
  'no scope': statement({ registryScopes: [] }),
  'the wildcard beside another scope': statement({ registryScopes: ['*', 'a.example/b'] }),
  'a scope that is no repository': statement({ registryScopes: ['a.example/b:v1'] }),
  'a scope without repository': statement({ registryScopes: ['a.example'] }),
  'one scope in two statements': { version: '1.0', trustPolicies: [base, { ...base, name: 'other' }] },
  'no level': level({}),
  'an unknown level': level({ level: 'relaxed' }),
  'an override of skip': level({ level: 'skip', override: { expiry: 'log' } }),
  'an override of integrity': level({ level: 'strict', override: { integrity: 'log' } }),
  'an override of an unknown validation': level({ level: 'strict', override: { luck: 'log' } }),
  'an unknown action': level({ level: 'strict', override: { expiry: 'ignore' } }),
  'expiry skipped': level({ level: 'strict', override: { expiry: 'skip' } }),
  'no trust store': statement({ trustStores: [] }),
  'a trust store without type': statement({ trustStores: ['interop'] }),
  'a trust store of an unknown type': statement({ trustStores: ['root:interop'] }),
  'a trust store whose name is no file name': statement({ trustStores: ['ca:a/b'] }),
  'no identity': identities(),
  'an empty identity': identities(''),
  'the wildcard beside another identity': identities('*', 'x509.subject: C=US, ST=WA, O=a'),
  'an identity without prefix': identities('C=US, ST=WA, O=a'),
  'an identity that is no name': identities('x509.subject: C=US, ST'),
  'an identity without organization': identities('x509.subject: C=US, ST=WA'),
  'an identity with an attribute twice': identities('x509.subject: C=US, ST=WA, O=a, O=b'),
  'overlapping identities': identities('x509.subject: C=US, ST=WA, O=a', 'x509.subject: C=US, ST=WA, O=a, CN=b'),
  'skip with trust stores': statement({ signatureVerification: { level: 'skip' } }),
};

it.each(Object.keys(broken))('Notation and we refuse a trust policy in the same words: %s', async (name) => {
  const notation = createNotation({ trustPolicy: broken[name] });
  onTestFinished(() => {
    notation.remove();
  });
  const { status, stderr } = await notation.run('verify', `localhost:1/a/b@sha256:${'0'.repeat(64)}`);
  expect(status).toBe(1);
  const theirs = stderr.replace(/^Error: /, '').trim();
  expect(theirs).not.toContain('dial tcp');
  expect(messageOf(() => parseTrustPolicy(readFileSync(notation.trustPolicyFile), 'trustpolicy.json'))).toContain(
    theirs,
  );
});

function messageOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
