// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../../../shared/errors.ts';
import { parseTrustPolicy } from '../../../../shared/trust/policy.ts';
import { selectStatement } from '../../../../shared/trust/select-statement.ts';
import { accepted, base64, type Family, refusedAt, step } from '../family.ts';
import { type Members, mutateMembers, mutateText, objectText } from '../json.ts';
import type { Random } from '../random.ts';
import { distinguishedName } from './distinguished-names.ts';

/** Trust policy documents, and the statement that is selected of them. */
export const policy: Family = {
  name: 'policy',
  oracle: 'policy',
  // What Go's decoder says of a document is no reason of the reference's.
  reasonOf: (text, stage) => (stage === 'malformed' ? '' : text),
  generate: (random) => {
    const document = Buffer.from(policyDocument(random));
    const reference = `${random.pick(repositories)}@sha256:${'0'.repeat(64)}`;
    return {
      input: { policy: base64(document), reference },
      decide: () => {
        const parsed = step('', () => parseTrustPolicy(document, 'trustpolicy.json'));
        if ('refused' in parsed) {
          const malformed = parsed.refused.text?.startsWith('malformed trust policy.') === true;
          return { ...parsed.refused, stage: malformed ? 'malformed' : 'invalid' };
        }
        try {
          const { statement } = selectStatement(parsed.value, reference);
          const { level } = statement;
          return accepted({
            statement: statement.name,
            level: level.name,
            actions: level.actions,
            stores: statement.trustStores.map(({ type, name }) => `${type}:${name}`),
            identities: statement.trustedIdentities.length,
          });
        } catch (thrown) {
          if (thrown instanceof NotaryError) return refusedAt('not-applicable', thrown);
          throw thrown;
        }
      },
    };
  },
};

const repositories = [
  'reg.example/app',
  'reg.example/app',
  'localhost:5000/a/b',
  'docker.io/library/x',
  'reg.example/App',
  'reg.example',
];

function policyDocument(random: Random): string {
  let members: Members = [
    ['version', random.sometimes(0.04, () => random.pick(['"1.1"', '""', '"2.0"', '1.0', '"1.0 "']), '"1.0"')],
    ['trustPolicies', `[${random.times(statementCount(random), () => statement(random)).join(',')}]`],
  ];
  if (random.chance(0.06)) members = mutateMembers(random, members);
  const text = objectText(members);
  if (random.chance(0.06)) return mutateText(random, text);
  return random.chance(0.03) ? text + random.pick([' x', '{}', '\n', 'null', '}']) : text;
}

function statementCount(random: Random): number {
  return random.chance(0.03) ? 0 : random.pick([1, 1, 1, 1, 2, 2, 3]);
}

function statement(random: Random): string {
  const skip = random.chance(0.1);
  const list = (values: readonly string[]) => JSON.stringify(values);
  const members: Members = [
    ['name', JSON.stringify(random.sometimes(0.02, () => '', `s${random.below(12)}`))],
    ['registryScopes', list(scopes(random))],
    ['signatureVerification', verification(random, skip)],
    ['trustStores', list(skip && random.chance(0.9) ? [] : stores(random))],
    ['trustedIdentities', list(skip && random.chance(0.9) ? [] : identities(random))],
  ];
  return objectText(random.chance(0.04) ? mutateMembers(random, members) : members);
}

function scopes(random: Random): string[] {
  if (random.chance(0.4)) return random.chance(0.9) ? ['*'] : ['*', random.pick(repositories)];
  return random.times(random.chance(0.04) ? 0 : 1 + random.below(2), () =>
    random.sometimes(0.08, () => random.pick(oddScopes), random.pick(repositories)),
  );
}

const oddScopes = [
  ...[
    '',
    'reg.example',
    'reg.example/',
    '/app',
    'reg.example/app:v1',
    'reg.example/app@sha256:00',
    'https://reg.example/app',
  ],
  ...[
    'reg.example/*',
    'reg.example/a//b',
    'reg example/app',
    'REG.example/app',
    '[::1]/app',
    '[::1]:80/a',
    'a:b/c',
    'a:99999/b',
  ],
  ...[
    'reg.example/a_b',
    'reg.example/a__b',
    'reg.example/a___b',
    'reg.example/a.-b',
    'reg.example/-a',
    'ü.example/app',
    'a@b/c',
  ],
  ...[
    'reg.example/a/b/c/d',
    'reg.example:/app',
    'x/y',
    ' reg.example/app',
    'reg.example/app ',
    'reg.example\\app',
    '%41/app',
    'a?b/c',
  ],
];

function verification(random: Random, skip: boolean): string {
  const level = skip
    ? 'skip'
    : random.pick(['strict', 'strict', 'permissive', 'audit', ...(random.chance(0.1) ? [random.pick(oddLevels)] : [])]);
  const members: Members = [
    ['level', JSON.stringify(level)],
    ...(random.chance(0.3) ? [['override', override(random)] as const] : []),
    ...(random.chance(0.2) ? [['verifyTimestamp', JSON.stringify(random.pick(timestamps))] as const] : []),
  ];
  return objectText(random.chance(0.03) ? mutateMembers(random, members) : members);
}

const oddLevels = ['Strict', '', 'none', 'custom', 'strict '];
const timestamps = ['always', 'afterCertExpiry', 'afterCertExpiry', '', 'Always', 'never'];
const types = ['integrity', 'authenticity', 'authenticTimestamp', 'expiry', 'revocation'];

function override(random: Random): string {
  const members = random.some(3, () => {
    const type = random.pick([...types.slice(1), ...(random.chance(0.1) ? [...types, 'Expiry', 'x', ''] : [])]);
    const action = random.pick(['enforce', 'log', 'skip', ...(random.chance(0.1) ? ['Log', '', 'x'] : [])]);
    return [type, JSON.stringify(action)] as const;
  });
  return objectText(random.chance(0.05) ? mutateMembers(random, members) : members);
}

function stores(random: Random): string[] {
  const odd = [
    '',
    'ca',
    'ca:',
    ':a',
    'CA:a',
    'ca:a:b',
    'ca:a/b',
    'ca:..',
    'ca:.',
    'x:a',
    'ca: a',
    'ca:ä',
    'ca:a b',
    'signingauthority:a',
    '*',
  ];
  return random.times(random.chance(0.04) ? 0 : 1 + random.below(2), () =>
    random.sometimes(0.04, () => random.pick(odd), random.pick(['ca:a', 'ca:b-1_2.c', 'signingAuthority:a', 'tsa:t'])),
  );
}

function identities(random: Random): string[] {
  if (random.chance(0.6)) return random.chance(0.95) ? ['*'] : ['*', 'x509.subject: C=US, ST=WA, O=a'];
  return random.times(random.chance(0.04) ? 0 : 1 + random.below(2), () => identity(random));
}

/** A trusted identity, mostly of a name. */
export function identity(random: Random): string {
  const odd = [
    '',
    'x509.subject',
    'x509.subject:',
    'x509.subject: ',
    'X509.subject: C=US, ST=WA, O=a',
    'other:x',
    ':x',
    'arn:aws:x',
    ' *',
  ];
  return random.sometimes(
    0.06,
    () => random.pick(odd),
    `x509.subject:${random.chance(0.7) ? ' ' : ''}${distinguishedName(random)}`,
  );
}
