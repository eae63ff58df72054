// SPDX-License-Identifier: Apache-2.0
import { parseCertificates } from '../../../../shared/x509/certificate.ts';
import { checkTrustedCertificates } from '../../../../shared/x509/trusted-certificates.ts';
import { pemOf } from '../../../fakes/certificate-authority.ts';
import { mutantSigner } from '../certificates.ts';
import { accepted, base64, type Family, refusedAt, step } from '../family.ts';
import type { Random } from '../random.ts';
import { mutateCertificate } from './certificate.ts';

/** Files of a trust store: PEM with anything around it, or DER. */
export const certificateFile: Family = {
  name: 'certificate-file',
  oracle: 'certificate-file',
  generate: (random) => {
    const file = makeFile(random);
    return {
      input: { file: base64(file) },
      decide: () => {
        const read = step('read', () => parseCertificates(file));
        if ('refused' in read) return read.refused;
        const facts = read.value.map(({ der }) => Buffer.from(der).toString('hex'));
        try {
          checkTrustedCertificates(read.value);
          return accepted(facts);
        } catch (thrown) {
          return { ...refusedAt('trust', thrown), facts };
        }
      },
    };
  },
};

const signer = mutantSigner('EC-256');

function makeFile(random: Random): Uint8Array {
  const der = () => (random.chance(0.1) ? mutateCertificate(random) : random.pick(signer.chainDer));
  if (random.chance(0.15)) {
    const all = Buffer.concat(random.some(3, der));
    return random.chance(0.2) ? Buffer.concat([all, Buffer.from(random.pick(['\n', 'x', '\0', '0']))]) : all;
  }
  const label = random.sometimes(
    0.1,
    () => random.pick(['PRIVATE KEY', 'X', '', 'CERTIFICATE REQUEST']),
    'CERTIFICATE',
  );
  const parts = random.some(3, () => pemOf(label, der()).split('\n')).flat();
  for (let count = random.below(4); count > 0; count--) {
    const at = random.below(parts.length + 1);
    if (random.chance(0.7)) parts.splice(at, 0, random.pick(lines));
    else if (random.chance(0.5)) parts.splice(at, 1);
    else parts[at] = `${parts[at] ?? ''}${random.pick([' ', '\t', '=', 'A', ' x'])}`;
  }
  const newline = random.sometimes(0.2, () => random.pick(['\r\n', '\r', '\n\n']), '\n');
  return new Uint8Array(Buffer.from(parts.join(newline), 'latin1'));
}

const lines = [
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  '-----BEGIN A-----',
  '-----END A-----',
  '-----BEGIN -----',
  '-----END -----',
  '-----BEGIN A',
  'AAAA',
  'AAA=',
  'AA==',
  'A===',
  'AAAB AAAA',
  '\tAAAA ',
  'K: V',
  'K:',
  'Proc-Type: 4,ENCRYPTED',
  '',
  'text',
  '-----BEGIN A:-----',
  'x-----BEGIN CERTIFICATE-----',
  'AA=A',
  '-----BEGIN A-----AAAA',
  ' -----BEGIN A-----',
  'é',
  '\r',
];
