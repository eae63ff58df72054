// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../../shared/adapters/registry/credential.ts';
import {
  credentialIn,
  helperFor,
  parseDockerConfig,
  serverAddress,
} from '../../../../shared/adapters/registry/docker-config.ts';
import { NotaryError } from '../../../../shared/errors.ts';

function config(document: unknown) {
  return parseDockerConfig(Buffer.from(JSON.stringify(document)), 'config.json');
}

function shown(credential: Credential | undefined) {
  if (credential === undefined) return undefined;
  return credential.kind === 'basic'
    ? `${credential.username}:${credential.password.reveal()}`
    : `${credential.kind} ${credential.token.reveal()}`;
}

function find(auths: Record<string, unknown>, registry: string) {
  return shown(credentialIn(config({ auths }), registry));
}

function auth(pair: string) {
  return { auth: Buffer.from(pair).toString('base64') };
}

describe('credentialIn', () => {
  it.each([
    'r.example.com',
    'https://r.example.com',
    'https://r.example.com/',
    'http://r.example.com',
    'https://r.example.com/v2/',
    'R.Example.com',
  ])('[REG-50] matches the key %s', (key) => {
    expect(find({ [key]: auth('u:p') }, 'r.example.com')).toBe('u:p');
  });

  it.each([
    'example.com',
    'r.example.com.evil.net',
    'evil-r.example.com',
    'https://evil.net/r.example.com',
    'r.example.com:5000',
    'xr.example.com',
  ])('[REG-50] does not match the key %s', (key) => {
    expect(find({ [key]: auth('u:p') }, 'r.example.com')).toBeUndefined();
  });

  it('[REG-50] finds Docker Hub under its legacy key', () => {
    expect(find({ 'https://index.docker.io/v1/': auth('u:p') }, 'docker.io')).toBe('u:p');
    expect(find({ 'docker.io': auth('u:p') }, 'docker.io')).toBe('u:p');
    expect(find({ 'https://index.docker.io/v1/': auth('u:p') }, 'ghcr.io')).toBeUndefined();
    expect(serverAddress('docker.io')).toBe('https://index.docker.io/v1/');
  });

  it('prefers the exact key, and knows that 443 is the default port', () => {
    expect(find({ 'https://r.example.com/v1/': auth('old:p'), 'r.example.com': auth('new:p') }, 'r.example.com')).toBe(
      'new:p',
    );
    expect(find({ 'r.example.com': auth('u:p') }, 'r.example.com:443')).toBe('u:p');
  });

  it('[REG-51] keeps colons and non-ASCII characters of passwords', () => {
    expect(find({ r: auth('user:a:b:ü€') }, 'r')).toBe('user:a:b:ü€');
  });

  it('[REG-36] [REG-37] tells the kinds of credentials apart', () => {
    expect(find({ r: { ...auth('u:p'), registrytoken: 'T' } }, 'r')).toBe('access T');
    expect(find({ r: { ...auth('u:p'), identitytoken: 'I' } }, 'r')).toBe('refresh I');
    expect(find({ r: auth(':P') }, 'r')).toBe('refresh P');
    expect(find({ r: { username: 'u', password: 'p' } }, 'r')).toBe('u:p');
    expect(find({ r: { ...auth('a:b'), username: 'u', password: 'p' } }, 'r')).toBe('a:b');
    expect(find({ r: {} }, 'r')).toBeUndefined();
    expect(find({ r: { auth: '' } }, 'r')).toBeUndefined();
  });

  it('[SEC-4] treats __proto__ and constructor as ordinary hosts', () => {
    const text = `{"auths":{"__proto__":${JSON.stringify(auth('u:p'))}},"credHelpers":{"constructor":"x"}}`;
    const parsed = parseDockerConfig(Buffer.from(text), 'config.json');
    expect(shown(credentialIn(parsed, 'r.example.com'))).toBeUndefined();
    expect(shown(credentialIn(parsed, '__proto__'))).toBe('u:p');
    expect(helperFor(parsed, 'r.example.com')).toBeUndefined();
  });
});

describe('helperFor', () => {
  it('[REG-46] prefers credHelpers to credsStore', () => {
    const parsed = config({ credHelpers: { 'r.example.com': 'special' }, credsStore: 'general' });
    expect(helperFor(parsed, 'r.example.com')).toBe('special');
    expect(helperFor(parsed, 'other.example.com')).toBe('general');
    expect(helperFor(config({ credsStore: '' }), 'r')).toBeUndefined();
  });
});

describe('parseDockerConfig', () => {
  it.each(['', ' \n\t', '{}'])('[REG-45] reads %j as no credentials', (text) => {
    expect(parseDockerConfig(Buffer.from(text), 'x')).toMatchObject({ auths: new Map(), credsStore: undefined });
  });

  it.each([
    '{"auths":{"r":{"auth":"c2VjcmV0OnNlY3JldA=="}',
    '[]',
    '"secret"',
    '{"auths":["secret"]}',
    '{"credsStore":{"secret":1}}',
    '{"auths":{},"auths":{"secret":{}}}',
  ])('[REG-45] [SEC-4] [SEC-36] refuses %s without showing it', (text) => {
    try {
      parseDockerConfig(Buffer.from(text), '/home/u/.docker/config.json');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NotaryError);
      expect(error).toMatchObject({ code: 'registry-unauthorized' });
      expect((error as NotaryError).cause).toBeUndefined();
      expect(String(error)).toContain('/home/u/.docker/config.json is not a docker configuration');
      expect(String(error)).not.toMatch(/secret|c2Vjcm/);
    }
  });
});
