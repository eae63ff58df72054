// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Extension } from './extensions.ts';

/** Extensions of which nothing is used here, but which Go refuses when they are malformed (reference section 5.6). */
export function checkUnusedExtension({ oid, critical }: Extension): void {
  if (critical && (oid === '2.5.29.14' || oid === '2.5.29.35')) {
    throw new NotaryError('malformed', 'x509: subject key identifier incorrectly marked critical');
  }
}
