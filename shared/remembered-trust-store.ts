// SPDX-License-Identifier: Apache-2.0
import type { TrustStore, TrustStoreType } from './ports.ts';
import type { Certificate } from './x509/certificate.ts';

/** A trust store that reads each named store once, and knows which ones were asked for. */
export class RememberedTrustStore implements TrustStore {
  readonly #store: TrustStore;
  readonly #loads = new Map<string, Promise<readonly Certificate[]>>();

  constructor(store: TrustStore) {
    this.#store = store;
  }

  load(type: TrustStoreType, name: string): Promise<readonly Certificate[]> {
    const key = `${type}:${name}`;
    const known = this.#loads.get(key) ?? this.#store.load(type, name);
    this.#loads.set(key, known);
    return known;
  }

  /** Every store that was asked for and could be read, as `type:name` with its certificates. */
  async loaded(): Promise<[store: string, certificates: readonly Certificate[]][]> {
    const names = [...this.#loads.keys()];
    const results = await Promise.allSettled(this.#loads.values());
    return results.flatMap((result, index) =>
      result.status === 'fulfilled' ? [[names[index] ?? '', result.value]] : [],
    );
  }
}
