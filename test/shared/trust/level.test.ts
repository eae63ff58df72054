// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseLevel } from '../../../shared/trust/level.ts';

const none = new Map<string, string>();

describe('parseLevel', () => {
  it.each([
    ['strict', 'enforce', 'enforce', 'enforce', 'enforce', 'enforce'],
    ['permissive', 'enforce', 'enforce', 'log', 'log', 'log'],
    ['audit', 'enforce', 'log', 'log', 'log', 'log'],
    ['skip', 'skip', 'skip', 'skip', 'skip', 'skip'],
  ])('has the actions of %s', (name, integrity, authenticity, authenticTimestamp, expiry, revocation) => {
    const actions = { integrity, authenticity, authenticTimestamp, expiry, revocation };
    expect(parseLevel(name, none)).toEqual({ name, actions });
  });

  it.each([
    ['', 'signature verification level is empty or missing in the trust policy statement'],
    ['foo', 'invalid signature verification level "foo"'],
    ['Strict', 'invalid signature verification level "Strict"'],
    ['constructor', 'invalid signature verification level "constructor"'],
  ])('[NP-208] refuses level %j', (name, message) => {
    expect(() => parseLevel(name, none)).toThrow(expect.objectContaining({ code: 'trust-policy-invalid', message }));
  });

  it('[NP-209] refuses an override of skip', () => {
    expect(() => parseLevel('skip', new Map([['expiry', 'log']]))).toThrow(
      `signature verification level "skip" can't be used to customize signature verification`,
    );
  });

  it('[NP-210] refuses an override of integrity', () => {
    expect(() => parseLevel('strict', new Map([['integrity', 'log']]))).toThrow(
      '"integrity" verification can not be overridden in custom signature verification',
    );
  });

  it.each(['expiry', 'authenticity', 'authenticTimestamp'])('[NP-211] refuses to skip %s', (type) => {
    expect(() => parseLevel('strict', new Map([[type, 'skip']]))).toThrow(
      `"${type}" verification can not be skipped in custom signature verification`,
    );
  });

  it('[NP-212] lets revocation be skipped, and calls the level custom', () => {
    const level = parseLevel('strict', new Map([['revocation', 'skip']]));
    expect(level.name).toBe('custom');
    expect(level.actions).toEqual({ ...parseLevel('strict', none).actions, revocation: 'skip' });
  });

  it('calls a level with an override custom even if it changes nothing', () => {
    expect(parseLevel('audit', new Map([['expiry', 'log']]))).toEqual({
      name: 'custom',
      actions: parseLevel('audit', none).actions,
    });
  });

  it('does not change the base level', () => {
    parseLevel('strict', new Map([['expiry', 'log']]));
    expect(parseLevel('strict', none).actions.expiry).toBe('enforce');
  });

  it.each([
    [
      'foo',
      'log',
      'verification type "foo" in custom signature verification is not supported, supported values are ["integrity" "authenticity" "authenticTimestamp" "expiry" "revocation"]',
    ],
    [
      'Expiry',
      'log',
      'verification type "Expiry" in custom signature verification is not supported, supported values are ["integrity" "authenticity" "authenticTimestamp" "expiry" "revocation"]',
    ],
    [
      'expiry',
      'foo',
      'verification action "foo" in custom signature verification is not supported, supported values are ["enforce" "log" "skip"]',
    ],
  ])('[NP-213] refuses the override %s: %s', (type, action, message) => {
    expect(() => parseLevel('strict', new Map([[type, action]]))).toThrow(message);
  });

  it('tells the first of several bad overrides in document order', () => {
    const override = new Map([
      ['b', 'log'],
      ['a', 'log'],
    ]);
    expect(() => parseLevel('strict', override)).toThrow('verification type "b"');
  });
});
