// SPDX-License-Identifier: Apache-2.0
import { signerOf, type TestSigner } from '../../fakes/certificate-authority.ts';
import { set } from '../../fakes/der.ts';
import { makeToken, timestampExtensions, type TokenSpec } from '../../fakes/timestamp-token.ts';
import { issueMutant, type MutantCertificateSpec } from './certificates.ts';
import { signRepeatably } from './ecdsa.ts';
import type { MutantKeyType } from './keys.ts';

/** A timestamp authority of one key type: leaf, intermediate and root. */
export function mutantTimestampSigner(type: MutantKeyType, spec: Partial<MutantCertificateSpec> = {}): TestSigner {
  const subject = (role: string) => `C=US,O=Mutants,CN=TSA ${type} ${role}`;
  const root = issueMutant('ca', { type, role: 'tsa root', subject: subject('root') });
  const intermediate = issueMutant('ca', { type, role: 'tsa intermediate', subject: subject('intermediate') }, root);
  const extensions = timestampExtensions;
  const leaf = issueMutant(
    'leaf',
    { type, role: 'tsa leaf', subject: subject('leaf'), extensions, ...spec },
    intermediate,
  );
  return signerOf([leaf, intermediate, root]);
}

/** A token that the same specification always gives byte by byte. */
export function mutantToken(spec: TokenSpec & { readonly signer: TestSigner }): Uint8Array {
  const { editAttributes, editSignature, signer, digest = 'sha256' } = spec;
  const hash = /SHA\d+/.exec(spec.signatureAlgorithm ?? '')?.[0].toLowerCase() ?? (isEc(signer) ? 'sha256' : digest);
  let signed = new Uint8Array();
  return makeToken({
    ...spec,
    editAttributes: (usual) => {
      const edited = editAttributes?.(usual) ?? usual;
      signed = Uint8Array.from(set(...edited.toSorted((a, b) => Buffer.compare(a, b))));
      return edited;
    },
    editSignature: (usual) => {
      const signature = signRepeatably(signer.privateKey, hash, signed, 'der') ?? usual;
      return editSignature?.(signature) ?? signature;
    },
  });
}

function isEc({ privateKey }: TestSigner): boolean {
  return privateKey.asymmetricKeyType === 'ec';
}
