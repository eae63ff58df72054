// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import {
  issueCertificate,
  signerOf,
  type CertificateSpec,
  type TestCertificate,
  type TestSigner,
} from '../../fakes/certificate-authority.ts';
import { signRepeatably } from './ecdsa.ts';
import { signPssRepeatably } from './rsa-pss.ts';
import { type MutantKeyType, mutantKeys } from './keys.ts';

/** A certificate of a mutant; `role` chooses the key. */
export interface MutantCertificateSpec extends Omit<CertificateSpec, 'keyType' | 'keys'> {
  readonly type?: MutantKeyType;
  readonly role: string;
}

/** Issues a certificate that the same specification always gives byte by byte. */
export function issueMutant(
  kind: 'ca' | 'leaf',
  spec: MutantCertificateSpec,
  issuer?: TestCertificate,
): TestCertificate {
  const { type = 'EC-256', role, ...others } = spec;
  const keys = mutantKeys(type, role);
  const key = issuer?.keys.privateKey ?? keys.privateKey;
  const hash = /^ECDSA-(SHA\d+)$/.exec(spec.signatureAlgorithm ?? '')?.[1]?.toLowerCase() ?? usualHash(key);
  const pss = /^(SHA\d+)-RSAPSS(-salt20)?$/.exec(spec.signatureAlgorithm ?? '');
  const sign = (tbs: Uint8Array) =>
    pss === null ? signRepeatably(key, hash, tbs, 'der') : signPss(key, (pss[1] ?? '').toLowerCase(), pss[2], tbs);
  return issueCertificate(kind, { ...others, keys, sign }, issuer);
}

function signPss(key: KeyObject, hash: string, shortSalt: string | undefined, tbs: Uint8Array): Uint8Array {
  return signPssRepeatably(key, hash, shortSalt === undefined ? Number(hash.slice(3)) / 8 : 20, tbs);
}

function usualHash(key: TestCertificate['keys']['privateKey']): string {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'secp384r1' ? 'sha384' : curve === 'secp521r1' ? 'sha512' : 'sha256';
}

/** A root, an intermediate and a code-signing leaf of one key type. */
export function mutantSigner(type: MutantKeyType, spec: Partial<MutantCertificateSpec> = {}): TestSigner {
  const subject = (role: string) => `C=US,ST=WA,O=Mutants,CN=${type} ${role}`;
  const root = issueMutant('ca', { type, role: 'root', subject: subject('root') });
  const intermediate = issueMutant('ca', { type, role: 'intermediate', subject: subject('intermediate') }, root);
  const leaf = issueMutant('leaf', { type, role: 'leaf', subject: subject('leaf'), ...spec }, intermediate);
  return signerOf([leaf, intermediate, root]);
}
