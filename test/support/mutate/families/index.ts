// SPDX-License-Identifier: Apache-2.0
import type { Family } from '../family.ts';
import { certificateFile } from './certificate-file.ts';
import { certificate } from './certificate.ts';
import { chainCodeSigning, chainTimestamping } from './chain.ts';
import { encoding } from './encoding.ts';
import { envelopeBytes } from './envelope-bytes.ts';
import { envelopeCose } from './envelope-cose.ts';
import { envelopeJws } from './envelope-jws.ts';
import { identity } from './identity.ts';
import { path } from './path.ts';
import { plugin } from './plugin.ts';
import { policy } from './policy.ts';
import { revocation } from './revocation.ts';
import { signatureManifest } from './signature-manifest.ts';
import { timestampResponse } from './timestamp-response.ts';
import { timestampToken } from './timestamp-token.ts';
import { verification } from './verification.ts';

/** Every kind of cases. */
export const families: readonly Family[] = [
  envelopeJws,
  envelopeCose,
  envelopeBytes,
  encoding,
  certificate,
  certificateFile,
  chainCodeSigning,
  chainTimestamping,
  path,
  policy,
  identity,
  verification,
  timestampToken,
  timestampResponse,
  revocation,
  plugin,
  signatureManifest,
];
