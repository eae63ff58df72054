// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseTimestampUrl } from '../../../shared/timestamp/endpoint.ts';
import { expectError } from '../../support/expect-error.ts';

describe('parseTimestampUrl', () => {
  it.each([
    'http://tsa.example',
    'https://tsa.example:8443/path?x=1',
    'HTTP://tsa.example/',
    'https://u:p%40@tsa.example/',
  ])('takes %s', (text) => {
    expect(parseTimestampUrl(text).host).toMatch(/^tsa\.example(?::8443)?$/);
  });

  it.each([
    ['ftp://tsa.example', 'endpoint "ftp://tsa.example": scheme must be http or https, but got "ftp"'],
    ['file:///etc/passwd', 'endpoint "file:///etc/passwd": scheme must be http or https, but got "file"'],
    ['tsa.example', 'endpoint "tsa.example": scheme must be http or https, but got ""'],
    ['', 'endpoint "": scheme must be http or https, but got ""'],
    ['http:tsa.example', 'endpoint "http:tsa.example": host cannot be empty'],
    ['http:///path', 'endpoint "http:///path": host cannot be empty'],
    ['http://user:secret@/path', 'endpoint "http:///path": host cannot be empty'],
    ['http://user:secret@tsa.example:99999', 'endpoint "http://tsa.example:99999" is not a URL'],
    ['http://user:100%@tsa.example', 'endpoint "http://tsa.example" is not a URL'],
  ])('[NP-308] refuses %j', (text, problem) => {
    expectError(() => parseTimestampUrl(text), 'input-invalid', `{input:timestampUrl}: ${problem}`);
  });
});
