// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { noVerificationPlugins } from '../../../shared/adapters/verification-plugins-unavailable.ts';

it('finds no verification plugin, and says why', async () => {
  await expect(noVerificationPlugins.locate('any')).rejects.toMatchObject({
    code: 'feature-unavailable',
    message: 'verification plugins are not available yet',
  });
});
