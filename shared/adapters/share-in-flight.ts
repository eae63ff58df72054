// SPDX-License-Identifier: Apache-2.0

/** Does a work once for all who want it while it is under way; afterwards it is done anew. */
export async function shareInFlight<T>(
  underWay: Map<string, Promise<T>>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const started = underWay.get(key) ?? work().finally(() => underWay.delete(key));
  underWay.set(key, started);
  return started;
}
