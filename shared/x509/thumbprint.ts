// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';

/** Lower-case hex SHA-256 of a certificate, as Notation writes it into signature manifests. */
export function thumbprint(certificate: Certificate): string {
  return createHash('sha256').update(certificate.der).digest('hex');
}
