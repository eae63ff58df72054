// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../../../shared/adapters/registry/server-text.ts';

describe('cleanText', () => {
  it('[REG-30] [SEC-35] leaves nothing that begins a line or moves the cursor', () => {
    const hostile = 'a\n::set-output name=x::y\r\n##vso[task.setvariable]z\u001b[31mred\u2028\u202eabc\u0000\u200b';
    const text = cleanText(hostile);
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u200b]/);
    expect(text.startsWith('a ::set-output')).toBe(true);
  });

  it('cuts what is long, in bounded time', () => {
    expect(cleanText('x'.repeat(10_000_000))).toHaveLength(303);
  });
});
