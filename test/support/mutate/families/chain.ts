// SPDX-License-Identifier: Apache-2.0
import { parseChain } from '../../../../shared/x509/certificate.ts';
import { validateCodeSigningChain } from '../../../../shared/x509/chain.ts';
import { validateTimestampingChain } from '../../../../shared/x509/timestamping-chain.ts';
import type { TestCertificate, TestSignatureAlgorithm } from '../../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  defaultExtensions,
  extendedKeyUsage,
  extendedUsages,
  keyUsage,
} from '../../../fakes/certificate-extensions.ts';
import { timestampExtensions } from '../../../fakes/timestamp-token.ts';
import { issueMutant } from '../certificates.ts';
import { accepted, base64, type Family, step } from '../family.ts';
import type { MutantKeyType } from '../keys.ts';
import type { Random } from '../random.ts';

type Purpose = 'code-signing' | 'timestamping';

/** Chains of certificates that break the rules for code signing. */
export const chainCodeSigning = chainFamily('code-signing');

/** The same for timestamping. */
export const chainTimestamping = chainFamily('timestamping');

function chainFamily(purpose: Purpose): Family {
  return {
    name: `chain-${purpose}`,
    oracle: 'chain',
    reasonOf: (text) => text,
    generate: (random) => {
      const ders = rearrange(random, makeChain(random, purpose)).map(({ der }) => der);
      const time = purpose === 'code-signing' && random.chance(0.4) ? random.pick(times) : undefined;
      return {
        input: { purpose, chain: ders.map(base64), ...(time === undefined ? {} : { time }) },
        decide: () => {
          const parsed = step('certificate-invalid', () => parseChain(ders));
          if ('refused' in parsed) return parsed.refused;
          const validated = step('chain-invalid', () => {
            if (purpose === 'timestamping') validateTimestampingChain(parsed.value);
            else validateCodeSigningChain(parsed.value, time === undefined ? undefined : new Date(time));
          });
          return 'refused' in validated ? validated.refused : accepted();
        },
      };
    },
  };
}

const times = [
  '2024-06-01T00:00:00Z',
  '2024-06-01T01:02:03Z',
  '2024-06-02T00:00:00Z',
  '2024-06-02T00:00:01Z',
  '2019-01-01T00:00:00Z',
  '2120-01-01T00:00:00.5Z',
];

/** Leaf first; each is issued by the next, mostly. */
function makeChain(random: Random, purpose: Purpose): TestCertificate[] {
  const length = 1 + random.below(4);
  const chain: TestCertificate[] = [];
  let issuerType: MutantKeyType | undefined;
  for (let position = length - 1; position >= 0; position--) {
    const kind = position > 0 || random.chance(length === 1 ? 0.2 : 0.1) ? 'ca' : 'leaf';
    const type = keyType(random);
    const version = random.sometimes(0.06, () => random.pick([1, 2] as const), 3 as const);
    const short = random.chance(0.1)
      ? { notBefore: new Date('2024-06-01T01:02:03Z'), notAfter: new Date('2024-06-02') }
      : {};
    const spec = {
      type,
      role: `chain ${position}`,
      subject: `CN=c${position}${random.pick(['', '', '', ',OU="a\\'])}`,
      version,
      extensions: version === 3 ? extensionsFor(random, kind, purpose) : [],
      signatureAlgorithm: algorithmFor(random, issuerType ?? type),
      ...short,
      ...(random.chance(0.08) ? { issuer: 'CN=other' } : {}),
      ...(random.chance(0.05) ? { editSignature: breakSignature } : {}),
    };
    chain.unshift(issueMutant(kind, spec, chain[0]));
    issuerType = type;
  }
  return chain;
}

/** Others than P-256 are rare: they cost ten times the time. */
function keyType(random: Random): MutantKeyType {
  const others = ['EC-384', 'EC-521', 'EC-224', 'RSA-2048', 'RSA-1024', 'Ed25519', 'Ed25519'] as const;
  return random.chance(0.12) ? random.pick(others) : 'EC-256';
}

function breakSignature(signature: Uint8Array): Uint8Array {
  return signature.map((byte, index) => (index === signature.length - 1 ? byte ^ 1 : byte));
}

function rearrange(random: Random, chain: readonly TestCertificate[]): TestCertificate[] {
  const changed = [...chain];
  const any = random.pick(chain);
  switch (random.below(12)) {
    case 0:
      changed.reverse();
      break;
    case 1:
      if (chain.length > 1) changed.pop();
      break;
    case 2:
      changed.push(any);
      break;
    case 3:
      changed.splice(random.below(changed.length), 0, any);
      break;
    default:
  }
  return changed;
}

const usages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

function extensionsFor(random: Random, kind: 'ca' | 'leaf', purpose: Purpose): readonly Uint8Array[] {
  const leaf = purpose === 'timestamping' ? timestampExtensions : defaultExtensions.leaf;
  if (random.chance(0.6)) return kind === 'leaf' ? leaf : defaultExtensions.ca;
  const isAuthority = random.chance(0.85) ? kind === 'ca' : kind !== 'ca';
  const critical = random.chance(0.6);
  const found: Uint8Array[] = [];
  if (random.chance(0.9)) {
    const pathLength = random.chance(0.4) ? { pathLength: random.below(3) } : {};
    found.push(basicConstraints({ ca: isAuthority, ...pathLength, critical: random.chance(0.5) }));
  }
  if (random.chance(0.9)) {
    const usual = kind === 'ca' ? (['keyCertSign'] as const) : (['digitalSignature'] as const);
    const given = random.chance(0.65) ? usual : usages.filter(() => random.chance(0.3));
    found.push(keyUsage(given, { critical: random.chance(0.8) }));
  }
  if (random.chance(0.3)) {
    const names = [...Object.keys(extendedUsages), '1.2.3'];
    found.push(extendedKeyUsage([random.pick(names), random.pick(names)].slice(random.below(2)), { critical }));
  } else if (kind === 'leaf' && purpose === 'timestamping')
    found.push(extendedKeyUsage(['timeStamping'], { critical }));
  return found;
}

function algorithmFor(random: Random, issuer: MutantKeyType): TestSignatureAlgorithm {
  if (issuer === 'Ed25519') return 'Ed25519';
  if (issuer.startsWith('EC')) {
    return random.sometimes(
      0.1,
      () => random.pick(['ECDSA-SHA384', 'ECDSA-SHA1', 'ECDSA-SHA512'] as const),
      'ECDSA-SHA256',
    );
  }
  const other = ['SHA256-RSAPSS', 'SHA1-RSA', 'MD5-RSA', 'SHA224-RSA', 'SHA256-RSAPSS-salt20'] as const;
  return random.sometimes(0.4, () => random.pick(other), 'SHA256-RSA');
}
