// SPDX-License-Identifier: Apache-2.0
import { NotaryError, notationVersions } from '../shared/index.ts';

/**
 * The newest release of the Notation CLI that a dotted prefix names, as Notation@0 resolves it: `1` is 1.3.2, `1.0` is
 * 1.0.1. A leading `v` is taken off. Throws `input-invalid`.
 */
export function resolveVersion(given: string): string {
  const prefix = given.trim().replace(/^v(?=\d)/i, '');
  const exact = prefix.includes('-');
  if (!exact && !/^\d+(?:\.\d+){0,2}$/.test(prefix)) throw invalid(`Invalid version prefix: ${given}.`);
  const found = notationVersions.find((version) => version === prefix || (!exact && version.startsWith(`${prefix}.`)));
  if (found === undefined) throw invalid(`Unsupported version: ${given}.`);
  return found;
}

function invalid(message: string): NotaryError {
  return new NotaryError('input-invalid', message, {
    hint: `{input:version} can be ${notationVersions.join(', ')}, or the beginning of one of them such as 1.3.`,
  });
}
