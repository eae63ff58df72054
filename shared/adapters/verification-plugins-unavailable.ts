// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { VerificationPlugins } from '../ports.ts';

/** Stands in for verification plugins until they exist: finds none, so a signature that names one does not verify. */
export const noVerificationPlugins: VerificationPlugins = {
  locate: () => Promise.reject(new NotaryError('feature-unavailable', 'verification plugins are not available yet')),
};
