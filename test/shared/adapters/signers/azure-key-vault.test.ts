// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { algorithmOfKeySpec } from '../../../../shared/envelope/algorithm.ts';
import { verifySignature } from '../../../../shared/primitives/crypto.ts';
import { createCertificateAuthority } from '../../../fakes/certificate-authority.ts';
import { startKeyVault, type FakeKeyVault } from '../../../fakes/key-vault.ts';
import { addWithChain, openKey } from '../../../support/key-vault-signer.ts';

let vault: FakeKeyVault;
beforeAll(async () => {
  vault = await startKeyVault();
});
afterAll(async () => {
  await vault.close();
});
afterEach(() => {
  vault.script(() => undefined);
  vault.corrupt = 'nothing';
  vault.challengeResource = vault.url;
});

const authority = createCertificateAuthority({ name: 'Vault' });
const toBeSigned = new Uint8Array(Buffer.from('to be signed'));
const keyTypes = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'EC-256', 'EC-384', 'EC-521'] as const;

describe('signing', () => {
  it.each(keyTypes)(
    '[KEY-27] [KEY-28] [KEY-31] signs with %s: of the right length, over the digest',
    async (keyType) => {
      const signer = authority.issue({ keyType });
      addWithChain(vault, `key-${keyType}`, signer);
      const opened = await openKey(vault, `key-${keyType}`);
      expect(opened.signer.keySpec).toBe(keyType);
      const signature = await opened.signer.sign(toBeSigned);
      const algorithm = algorithmOfKeySpec(keyType);
      expect(signature).toHaveLength(algorithm.signatureSize);
      const { publicKey } = signer.leaf.keys;
      expect(verifySignature(algorithm, publicKey, toBeSigned, signature, { saltLength: 'digest' })).toBe(true);
    },
  );
});
