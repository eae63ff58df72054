// SPDX-License-Identifier: Apache-2.0
// The tests that `npm run test:mutation` runs against each mutant of the folders that decide.
import { defineConfig } from 'vitest/config';

const deciding = '{envelope,x509,trust,validation,revocation,timestamp}';

export default defineConfig({
  test: {
    include: [
      `test/shared/${deciding}/**/*.test.ts`,
      'test/shared/{vectors,sign,inspect,verify,verify-blob,verify-timestamp,verify-with-plugin,verify-hostile}.test.ts',
    ],
    setupFiles: ['test/support/loopback-only.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
