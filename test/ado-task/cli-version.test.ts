// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { resolveVersion } from '../../ado-task/cli-version.ts';

describe('resolveVersion', () => {
  it.each([
    ['1', '1.3.2'],
    ['1.3', '1.3.2'],
    ['1.3.2', '1.3.2'],
    ['1.3.1', '1.3.1'],
    ['1.2', '1.2.0'],
    ['1.1', '1.1.1'],
    ['1.0', '1.0.1'],
    ['1.0.0', '1.0.0'],
    ['v1.3.2', '1.3.2'],
    ['V1', '1.3.2'],
  ])('[ADO-16] resolves %s to %s', (given, version) => {
    expect(resolveVersion(given)).toBe(version);
  });

  it.each(['1.0.0.0', '', 'latest', '1.', '.1', '1.x', 'vv1', '1 3', '__proto__', 'constructor'])(
    '[ADO-16] refuses %j as no prefix of a version',
    (given) => {
      expect(() => resolveVersion(given)).toThrow(`Invalid version prefix: ${given}.`);
    },
  );

  it.each(['9.9', '2', '1.3.20', '1.30', '10', '1.3.2-rc.1', '2.0.0-alpha.1'])(
    '[ADO-16] refuses %s as unsupported',
    (given) => {
      expect(() => resolveVersion(given)).toThrow(`Unsupported version: ${given}.`);
    },
  );
});
