// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseDetectSetting } from '../../../../shared/adapters/discovery/detect-setting.ts';

const known = ['artifacts-list', 'step-outputs'];

describe('parseDetectSetting', () => {
  it.each([
    ['', known, false, false],
    ['auto', known, false, false],
    ['off', [], true, false],
    ['step-outputs', ['step-outputs'], true, false],
    ['artifacts-list, step-outputs', known, true, false],
    ['artifacts-list\nstep-outputs\n', known, true, false],
    ['push-by-digest', known, false, true],
    ['auto, push-by-digest', known, false, true],
    ['step-outputs push-by-digest', ['step-outputs'], true, true],
  ])('understands %j', (text, channels, named, intermediates) => {
    const setting = parseDetectSetting(text, known);
    expect({ ...setting, channels: [...setting.channels] }).toEqual({ channels, named, intermediates });
  });

  it.each(['on', 'off, auto', 'Auto', 'step-outputs;artifacts-list', '__proto__'])(
    'refuses %j and lists the values',
    (text) => {
      expect(() => parseDetectSetting(text, known)).toThrow(
        /\{input:detect\}.*auto, off, artifacts-list, step-outputs/,
      );
    },
  );
});
