// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { judgeRealm } from '../../../../shared/adapters/registry/realm.ts';

const addresses: Readonly<Record<string, string[]>> = {
  'internal.example.com': ['10.1.2.3'],
  'auth.corp.example': ['192.168.1.2'],
  'registry.corp.example': ['192.168.1.3'],
};

function judge(realm: string, registry: string, trusted: string[] = []) {
  return judgeRealm(new URL(realm), new URL(registry), trusted, (host) =>
    Promise.resolve(addresses[host] ?? ['203.0.113.7']),
  );
}

describe('judgeRealm', () => {
  it.each([
    ['https://r.example.com/token', 'https://r.example.com'],
    ['https://r.example.com:8443/token', 'https://r.example.com:8443'],
    ['http://10.0.0.5:5000/token', 'http://10.0.0.5:5000'],
  ])('gives credentials to the own origin: %s', async (realm, registry) => {
    expect(await judge(realm, registry)).toBe('credentials');
  });

  it.each([
    ['https://auth.docker.io/token', 'https://registry-1.docker.io'],
    ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com'],
    ['https://auth.example.com/token', 'https://registry.example.com'],
    ['https://example.com/token', 'https://registry.example.com'],
    ['https://auth.corp.example/token', 'https://registry.corp.example'],
  ])('[REG-44] gives credentials to %s of %s', async (realm, registry) => {
    expect(await judge(realm, registry)).toBe('credentials');
  });

  it('[REG-44] gives credentials to a listed host only', async () => {
    const realm = 'https://login.other.net/token';
    expect(await judge(realm, 'https://registry.example.com')).toBe('anonymous');
    expect(await judge(realm, 'https://registry.example.com', ['LOGIN.other.net'])).toBe('credentials');
  });

  it.each([
    ['http://r.example.com/token', 'https://r.example.com'],
    ['http://auth.example.com/token', 'https://registry.example.com'],
    ['https://169.254.169.254/latest', 'https://registry.example.com'],
    ['http://169.254.169.254/latest', 'http://localhost:5000'],
    ['https://[fd00:ec2::254]/latest', 'https://registry.example.com'],
    ['https://[::ffff:169.254.169.254]/latest', 'https://registry.example.com'],
    ['https://2852039166/latest', 'https://registry.example.com'],
    ['https://0xa9.0xfe.0xa9.0xfe/latest', 'https://registry.example.com'],
    ['https://127.0.0.1/t', 'https://registry.example.com'],
    ['https://10.0.0.1/t', 'https://registry.example.com'],
    ['https://100.64.0.1/t', 'https://registry.example.com'],
    ['https://0.0.0.0/t', 'https://registry.example.com'],
    ['https://[::1]/t', 'https://registry.example.com'],
    ['https://[fe80::1]/t', 'https://registry.example.com'],
    ['https://203.0.113.9/t', 'https://registry.example.com'],
    ['https://internal.example.com/t', 'https://registry.example.com'],
    ['https://user@registry.example.com/t', 'https://registry.example.com'],
    ['https://:secret@registry.example.com/t', 'https://registry.example.com'],
    ['file:///etc/passwd', 'https://registry.example.com'],
    ['ftp://registry.example.com/t', 'http://registry.example.com'],
  ])('[SEC-23] [REG-43] sends nothing to %s of %s', async (realm, registry) => {
    expect(await judge(realm, registry)).toBe('nothing');
  });

  it.each([
    ['https://evildocker.io/token', 'https://registry-1.docker.io'],
    ['https://auth.docker.io.evil.net/token', 'https://registry-1.docker.io'],
    ['https://auth.docker.io:8443/token', 'https://registry.gitlab.com'],
    ['https://evil.co.uk/token', 'https://registry.co.uk'],
    ['https://notexample.com/token', 'https://registry.example.com'],
    ['https://auth.evil.net/token', 'https://registry.example.com'],
    ['http://auth.example.com/token', 'http://registry.example.com'],
  ])('[SEC-23] sends no credentials to %s of %s', async (realm, registry) => {
    expect(await judge(realm, registry)).toBe('anonymous');
  });

  it('trusts a token server beside a registry on this machine', async () => {
    expect(await judge('http://localhost:5051/token', 'http://localhost:5000')).toBe('credentials');
    expect(await judge('http://localhost:5051/token', 'https://registry.example.com')).toBe('nothing');
    expect(await judge('http://127.0.0.1:5051/token', 'http://localhost:5000')).toBe('nothing');
  });
});
