// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

/** Tests against real peers; `npm run test:interop` prepares the peers first. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    // Concurrent tests keep a core busy each, and as much of another one.
    maxConcurrency: 2,
  },
});
