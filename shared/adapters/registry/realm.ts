// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** What may be sent to the token server that a registry names. */
export type RealmTrust = 'credentials' | 'anonymous' | 'nothing';

/** Token servers on another host than their registry (REG 3.7). */
const knownRealms: ReadonlyMap<string, string> = new Map([
  ['registry-1.docker.io', 'auth.docker.io'],
  ['registry.gitlab.com', 'gitlab.com'],
]);

const internal = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  internal.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  internal.addSubnet(network, prefix, 'ipv6');
}

/** Resolves a host name to addresses; a name that does not resolve has none. */
export type ResolveAddresses = (host: string) => Promise<readonly string[]>;

/**
 * Decides what a realm may get (REG 3.7): a registry must not choose where the user's credentials go, nor make this
 * machine ask an internal service. `trustedHosts` are realm hosts that the user has listed.
 */
export async function judgeRealm(
  realm: URL,
  registry: URL,
  trustedHosts: readonly string[],
  resolve: ResolveAddresses = resolveAddresses,
): Promise<RealmTrust> {
  if (realm.username !== '' || realm.password !== '') return 'nothing';
  if (realm.origin === registry.origin) return 'credentials';
  if (realm.protocol !== 'https:' && (realm.protocol !== 'http:' || registry.protocol !== 'http:')) return 'nothing';
  if (isLoopbackPair(realm, registry)) return 'credentials';
  if (isAddress(realm) && (isInternal(bare(realm)) || realm.hostname !== registry.hostname)) return 'nothing';
  if (trustedHosts.some((host) => host.toLowerCase() === realm.host)) return 'credentials';
  if (realm.protocol !== 'https:') return 'anonymous';
  if (knownRealms.get(registry.hostname) === realm.hostname && realm.port === '') return 'credentials';
  if ((await pointsInside(realm, resolve)) && !(await pointsInside(registry, resolve))) return 'nothing';
  return sharesDomain(realm.hostname, registry.hostname) ? 'credentials' : 'anonymous';
}

/** A registry and a token server on this machine: nothing leaves it. */
function isLoopbackPair(realm: URL, registry: URL): boolean {
  const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;
  return realm.hostname === registry.hostname && loopback.test(realm.hostname);
}

function bare(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isAddress(url: URL): boolean {
  return isIP(bare(url)) !== 0;
}

/** Whether an address is loopback, link-local (cloud metadata), private or unspecified. */
export function isInternal(address: string): boolean {
  return internal.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

async function pointsInside(url: URL, resolve: ResolveAddresses): Promise<boolean> {
  const addresses = isAddress(url) ? [bare(url)] : await resolve(bare(url));
  return addresses.some(isInternal);
}

async function resolveAddresses(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // Behind a proxy names may not resolve here; the proxy then decides what can be reached.
    return [];
  }
}

/**
 * Whether a realm lives in the registry's own domain: under the registry's parent domain, when that is more than what
 * registrars hand out (`co.uk`). Without a list of public suffixes this is a guess in favour of company domains; all
 * that it can give away is the registry's own credential, to a host that this registry has chosen.
 */
function sharesDomain(realm: string, registry: string): boolean {
  const labels = registry.split('.');
  const parent = labels.length > 2 ? labels.slice(1) : labels;
  const [second, top] = parent.slice(-2);
  const registrars = parent.length === 2 && (second ?? '').length <= 3 && (top ?? '').length === 2;
  if (parent.length < 2 || registrars) return realm.endsWith(`.${registry}`);
  const domain = parent.join('.');
  return realm === domain || realm.endsWith(`.${domain}`);
}
