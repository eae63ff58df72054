// SPDX-License-Identifier: Apache-2.0

/**
 * The origin at which a registry is contacted. Plain HTTP for `localhost:<port>` and listed registries only (REG 1.3);
 * nothing ever falls back to it. `docker.io` is at `registry-1.docker.io` (REG 1.2).
 */
export function endpointOf(registry: string, insecureRegistries: readonly string[]): URL {
  const lower = registry.toLowerCase();
  const insecure = insecureRegistries.some((entry) => entry.toLowerCase() === lower);
  const plain = insecure || /^localhost:[0-9]+$/.test(registry);
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  return new URL(`${plain ? 'http' : 'https'}://${host}/`);
}
