// SPDX-License-Identifier: Apache-2.0
import { matchTrustedIdentity } from '../../../../shared/trust/identity.ts';
import { parseCertificate } from '../../../../shared/x509/certificate.ts';
import type { NameEntry } from '../../../fakes/certificate-authority.ts';
import { policyOf } from '../../../fakes/trust-policy.ts';
import { issueMutant } from '../certificates.ts';
import { accepted, base64, type Family, step } from '../family.ts';
import type { Random } from '../random.ts';
import { identity as trustedIdentity } from './policy.ts';

/** Trusted identities, and certificates that may have one. */
export const identity: Family = {
  name: 'identity',
  oracle: 'identity',
  // Bytes that are no text are shown in two ways.
  reasonOf: (text) => text.replaceAll(/\\x[89a-f][0-9a-f]|\ufffd/g, '?'),
  generate: (random) => {
    const identities = random.times(1 + random.below(2), () => trustedIdentity(random));
    const { der } = issueMutant('leaf', { role: 'identity', subject: subject(random) });
    return {
      input: { identities, leaf: base64(der) },
      decide: () => {
        const parsed = step('certificate-invalid', () => parseCertificate(der));
        if ('refused' in parsed) return parsed.refused;
        const policy = step('policy', () =>
          policyOf({ name: 'identity', trustStores: ['ca:store'], trustedIdentities: identities }),
        );
        if ('refused' in policy) return policy.refused;
        const trusted = policy.value.statements[0]?.trustedIdentities ?? [];
        const match = matchTrustedIdentity(trusted, 'identity', parsed.value.subject);
        return 'error' in match ? { accepted: false, stage: 'identity', text: match.error } : accepted();
      },
    };
  },
};

function subject(random: Random): readonly NameEntry[] {
  const entries: NameEntry[] = [
    ['C', random.sometimes(0.1, () => 'DE', 'US'), random.sometimes(0.1, () => 0x13, 0x0c)],
    ['ST', random.sometimes(0.1, () => random.pick(['wa', 'W A']), 'WA')],
    ['O', random.sometimes(0.3, () => random.pick(oddOrganizations), 'a')],
    ['CN', random.pick(['b', 'b', 'x', '', '\\', 'a;b'])],
    ['OU', random.pick(['c', 'c', '\0', 'a<b>', '\ufeff', '😀'])],
  ];
  const kept = entries.filter((_, index) => random.chance(index < 3 ? 0.95 : 0.6));
  if (random.chance(0.1))
    kept.push(
      random.pick([
        ['OU', 'c'],
        ['emailAddress', 'a@b', 0x16],
        ['DC', 'x', 0x16],
        ['1.2.3.4', 'y'],
        ['L', 'l'],
      ] as const),
    );
  return random.chance(0.3) ? random.shuffle(kept) : kept;
}

const oddOrganizations = ['b', 'a, b', 'a+b', '#a', 'a=b', ' a', 'x ', 'ä', 'a"b', '#61', '='];
