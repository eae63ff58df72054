// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from '../x509/certificate.ts';

/** What answers of responders, and CRLs, are judged for. */
export interface RevocationQuestion {
  readonly certificate: Certificate;
  /** The next certificate of the chain. */
  readonly issuer: Certificate;
  readonly now: Date;
  /** The time of a signing authority: a certificate that became invalid after it counts as good. */
  readonly authenticSigningTime: Date | undefined;
  /** Refuse delegated responders that the specification forbids and the reference trusts (reference 15.1, item 15). */
  readonly strictResponders?: boolean;
}
