// SPDX-License-Identifier: Apache-2.0
import { envelopeMediaTypes } from '../envelope/content.ts';
import { NotaryError } from '../errors.ts';
import type { PluginConfig } from './metadata.ts';

/** What is asked of a plugin. */
export interface PluginUse {
  readonly name: string;
  readonly config: PluginConfig;
  readonly envelopeMediaType: string;
  readonly expires: boolean;
}

const awsSigner = 'com.amazonaws.signer.notation.plugin';
const alibaba = 'alibabacloud.secretmanager.plugin';

/** Refuses what a published plugin is known to refuse, before it is run and with the reason. Throws `input-invalid`. */
export function checkPluginUse({ name, envelopeMediaType, expires }: PluginUse): void {
  if (name !== awsSigner) return;
  if (envelopeMediaType !== envelopeMediaTypes.jws) {
    throw new NotaryError('input-invalid', 'the AWS Signer plugin makes JWS envelopes only', {
      hint: 'Set {input:signatureFormat} to jws.',
    });
  }
  if (!expires) return;
  throw new NotaryError('input-invalid', 'the AWS Signer plugin takes no expiry: the signing profile decides', {
    hint: 'Remove {input:expiry}, and set the validity period of the signing profile.',
  });
}

/** What users of a published plugin should know although it works. */
export function pluginWarning({ name, config }: Pick<PluginUse, 'name' | 'config'>): string | undefined {
  if (name !== alibaba || config.has('ca_certs')) return undefined;
  return 'Without ca_certs in {input:pluginConfig}, the Alibaba Cloud plugin makes a new self-signed certificate for every signature: each needs its own entry in the trust store.';
}
