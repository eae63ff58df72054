// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../../../shared/adapters/registry/endpoint.ts';

describe('endpointOf', () => {
  it('[REG-4] contacts docker.io at registry-1.docker.io, and nothing else', () => {
    expect(endpointOf('docker.io', []).href).toBe('https://registry-1.docker.io/');
    expect(endpointOf('index.docker.io', []).host).toBe('index.docker.io');
    expect(endpointOf('evildocker.io', []).host).toBe('evildocker.io');
  });

  it.each([
    ['localhost:5000', 'http:'],
    ['localhost', 'https:'],
    ['LOCALHOST:5000', 'https:'],
    ['127.0.0.1:5000', 'https:'],
    ['[::1]:5000', 'https:'],
    ['localhost.evil.net:5000', 'https:'],
    ['registry.example.com', 'https:'],
  ])('[REG-5] [NP-356] speaks with %s by %s', (registry, protocol) => {
    expect(endpointOf(registry, []).protocol).toBe(protocol);
    expect(endpointOf(registry, ['other:5000']).protocol).toBe(protocol);
  });

  it('[REG-5] [NP-356] speaks plain HTTP with listed registries, port included, in any case', () => {
    expect(endpointOf('127.0.0.1:5000', ['127.0.0.1:5000']).protocol).toBe('http:');
    expect(endpointOf('Reg.Example.com', ['reg.example.COM']).protocol).toBe('http:');
    expect(endpointOf('reg.example.com:5001', ['reg.example.com']).protocol).toBe('https:');
  });

  it('[REG-7] keeps an IPv6 literal with port', () => {
    expect(endpointOf('[::1]:5000', ['[::1]:5000']).href).toBe('http://[::1]:5000/');
  });
});
