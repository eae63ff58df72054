// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOfKeySpec } from '../../envelope/algorithm.ts';
import { NotaryError } from '../../errors.ts';
import type { ChainedSignature, ChainingSigner, Clock, Log } from '../../ports.ts';
import { decodeBase64 } from '../../primitives/base64.ts';
import { validateCodeSigningChain } from '../../x509/chain.ts';
import { Slots } from '../slots.ts';
import { chainOfSignature, decodeSigningCertificate, signingKeySpec } from './artifact-signing-chain.ts';
import { openSigningClient, type SigningClient, type SigningClientOptions } from './artifact-signing-client.ts';

/** Signatures asked for at a time: the quota is that of the whole account. */
const maxConcurrentSignatures = 5;

export interface ArtifactSigningOptions extends SigningClientOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A signer with a certificate profile of Azure Artifact Signing. Its certificate changes every day, so that each signature
 * comes with its own chain, which is checked by the rules of code signing before anything is made of it. Throws
 * `artifact-signing-*`, `azure-sign-in`, `chain-invalid`, `key-unsupported`.
 */
export function openArtifactSigning(options: ArtifactSigningOptions): ChainingSigner {
  const { profile, clock, log } = options;
  const client = openSigningClient(options);
  const slots = new Slots(maxConcurrentSignatures);
  const told = new Set<string>();
  return {
    kind: 'chaining',
    description: `Azure Artifact Signing profile ${profile.profile} of account ${profile.account}`,
    keySpec: signingKeySpec,
    sign: (toBeSigned) =>
      slots.run(async () => {
        const signed = await sign(client, clock, toBeSigned);
        const [leaf] = signed.certificateChain;
        const serialNumber = leaf.serialNumber.toString(16);
        if (!told.has(serialNumber)) {
          const until = leaf.notAfter.toISOString();
          log.info(
            `Azure Artifact Signing signs with certificate ${serialNumber} of ${leaf.subject}, valid until ${until}`,
          );
        }
        told.add(serialNumber);
        return signed;
      }),
  };
}

async function sign(client: SigningClient, clock: Clock, toBeSigned: Uint8Array): Promise<ChainedSignature> {
  const { hash } = algorithmOfKeySpec(signingKeySpec);
  const answer = await client.sign(new Uint8Array(createHash(hash).update(toBeSigned).digest()));
  const signature = decodeSignature(answer.signature);
  const certificates = decodeSigningCertificate(answer.signingCertificate);
  const certificateChain = chainOfSignature(certificates, toBeSigned, signature);
  validateCodeSigningChain(certificateChain, clock.now());
  return { signature, certificateChain };
}

function decodeSignature(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (cause) {
    throw new NotaryError('artifact-signing-failed', 'the signature of Azure Artifact Signing is not base64', {
      hint: 'Run the step again; if it goes on, check the certificate profile in the Azure portal.',
      cause,
    });
  }
}
